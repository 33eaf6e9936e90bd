"""A dataset that was made in Easel: an ordinary folder, of which files may be changed.

Its pictures, captions and folders are all that there is to it, so that scanning, training and other
programs read it as any folder; `dataset.json` adds its name and trigger words.
"""

import re
import secrets
import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import Field, ValidationError

from backend.dataset.captions import ENDINGS
from backend.dataset.names import concept_name, free_name
from backend.metadata.opening import ENDINGS as PICTURES
from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen
from backend.schema.errors import NotFoundError, OutputError, RequestError

ABOUT = "dataset.json"
_NUMBERED = re.compile(r"(\d{1,3})_(.+)")
_TOKEN = re.compile(r"[0-9a-f]{12}")


class About(Frozen):
    """What files and folders do not tell of a dataset."""

    version: int = 1
    name: str = ""
    trigger: str = ""
    triggers: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Of concepts, by the names of their folders without the number."""


@dataclass(frozen=True)
class OwnDataset:
    """The folder."""

    folder: Path
    bin: Path
    """Where what is taken away lies until it is brought back."""

    @property
    def about(self) -> About:
        """What `dataset.json` tells; a damaged one tells nothing, and costs no picture."""
        try:
            told = About.model_validate_json((self.folder / ABOUT).read_bytes())
        except (OSError, ValidationError):
            told = About()
        return told if told.name else told.model_copy(update={"name": self.folder.name})

    def describe(self, about: About) -> None:
        """Write `dataset.json`.

        Raises:
            OutputError: When the disk does not let us.
        """
        write_atomically(self.folder / ABOUT, about.model_dump_json(indent=2).encode())

    def picture(self, path: str) -> Path:
        """The file of a picture.

        Raises:
            NotFoundError: When the dataset has none of that path.
        """
        parts = PurePosixPath(path).parts
        file = self.folder.joinpath(*parts)
        safe = path.isprintable() and "\\" not in path and not {"..", "/"} & set(parts)
        if not safe or file.suffix.lower() not in PICTURES or not file.is_file():
            raise NotFoundError("The dataset has no such picture.", "Load the page again.")
        return file

    def write_caption(self, path: str, text: str) -> None:
        """Put a caption into the text file beside a picture.

        Raises:
            NotFoundError: When the dataset has no such picture.
            OutputError: When the disk does not let us.
        """
        write_atomically(self.picture(path).with_suffix(".txt"), " ".join(text.split()).encode())

    def home(self, concept: str) -> Path:
        """The folder of a concept; the dataset's own where it is empty.

        Raises:
            NotFoundError: When there is none.
        """
        if not concept:
            return self.folder
        folder = self.folder / concept
        if PurePosixPath(concept).name != concept or concept == ".." or not folder.is_dir():
            raise NotFoundError("The dataset has no such concept.", "Load the page again.")
        return folder

    def concepts(self) -> tuple[str, ...]:
        """The names of the folders in it."""
        there = (each.name for each in self.folder.iterdir() if each.is_dir())
        return tuple(sorted(name for name in there if not name.startswith(".")))

    def put_concept(self, folder: str | None, name: str, trigger: str, repeats: int) -> str:
        """Make a concept's folder, or change it.

        Args:
            folder: Which one is to be changed; None for a new one.
            name: What it is called.
            trigger: The word that calls it.
            repeats: How often each of its pictures counts.

        Returns:
            The folder.

        Raises:
            NotFoundError: When there is no such concept.
            RequestError: When another one has the name.
            OutputError: When the disk does not let us.
        """
        name = concept_name(name, "concept")
        others = {named(each)[1].casefold() for each in self.concepts() if each != folder}
        if name.casefold() in others:
            raise RequestError(f"There is a concept {name} already.", "Choose another name.")
        new = f"{repeats}_{name}"
        before = self.home(folder) if folder else None
        with _on_disk(new):
            if before is None:
                (self.folder / new).mkdir()
            elif before.name != new:
                before.rename(self.folder / new)
        about = self.about
        triggers = dict(about.triggers)
        if folder:
            triggers.pop(named(folder)[1], None)
        triggers[name] = " ".join(re.sub("[,=]", " ", trigger).split())
        self.describe(about.model_copy(update={"triggers": triggers}))
        return new

    def drop_concept(self, folder: str) -> None:
        """Put the pictures of a concept into the dataset's own folder, and forget it.

        Raises:
            NotFoundError: When there is no such concept.
            OutputError: When the disk does not let us.
        """
        home = self.home(folder)
        self.move([each.relative_to(self.folder).as_posix() for each in pictures_in(home)], "")
        with _on_disk(folder), suppress(OSError):  # what else lies in it stays
            home.rmdir()

    def move(self, paths: Iterable[str], concept: str) -> None:
        """Put pictures with their captions into the folder of a concept.

        Raises:
            NotFoundError: When there is no such picture or concept.
            OutputError: When the disk does not let us.
        """
        home = self.home(concept)
        for path in paths:
            picture = self.picture(path)
            if picture.parent != home:
                _move(picture, home)

    def remove(self, paths: Iterable[str]) -> str:
        """Take pictures with their captions away.

        Returns:
            What brings them back.

        Raises:
            NotFoundError: When there is no such picture.
            OutputError: When the disk does not let us.
        """
        token = secrets.token_hex(6)
        for path in paths:
            picture = self.picture(path)
            _move(picture, self.bin / token / picture.parent.relative_to(self.folder))
        return token

    def remove_all(self) -> str:
        """Take the whole dataset away.

        Returns:
            What brings it back.

        Raises:
            OutputError: When the disk does not let us.
        """
        token = secrets.token_hex(6)
        with _on_disk(self.folder.name):
            self.bin.mkdir(parents=True, exist_ok=True)
            shutil.move(self.folder, self.bin / token)
        return token

    def restore(self, token: str) -> None:
        """Bring back what was taken away, beside whatever has its name by now.

        Raises:
            NotFoundError: When it is gone.
            OutputError: When the disk does not let us.
        """
        away = self.bin / token
        if not _TOKEN.fullmatch(token) or not away.is_dir():
            raise NotFoundError("These pictures are gone for good.", "Add them again.")
        with _on_disk(self.folder.name):
            self.folder.mkdir(parents=True, exist_ok=True)
            if (away / ABOUT).is_file() and not (self.folder / ABOUT).exists():
                shutil.move(away / ABOUT, self.folder / ABOUT)
        for picture in list(pictures_in(away)):
            _move(picture, self.folder / picture.parent.relative_to(away))
        shutil.rmtree(away, ignore_errors=True)


def named(folder: str) -> tuple[int, str]:
    """How often the pictures of a concept's folder count, and its name."""
    told = _NUMBERED.fullmatch(folder)
    return (int(told[1]), told[2]) if told and int(told[1]) else (1, folder)


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The files of all pictures in a folder and those in it, in order."""
    found = (each for each in folder.rglob("*") if each.suffix.lower() in PICTURES)
    return tuple(sorted(each for each in found if each.is_file()))


def stems_in(folder: Path) -> set[str]:
    """What the files of a folder are called without their endings, in small letters."""
    return {each.stem.casefold() for each in folder.iterdir()} if folder.is_dir() else set()


def _move(picture: Path, home: Path) -> None:
    """Put a picture and its caption into a folder, under a name that is free there."""
    with _on_disk(picture.name):
        home.mkdir(parents=True, exist_ok=True)
        stem = free_name(picture.stem, stems_in(home))
        for ending in ENDINGS:
            beside = picture.with_suffix(ending)
            if beside.is_file():
                shutil.move(beside, home / f"{stem}{ending}")
        shutil.move(picture, home / f"{stem}{picture.suffix}")


@contextmanager
def _on_disk(name: str) -> Generator[None]:
    """Tell in words what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{name} cannot be changed in the dataset: {error.strerror}.",
            "Look at the rights of the data folder, and at the room on its disk.",
        ) from error
