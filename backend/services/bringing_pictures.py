"""Putting the pictures of installations into the gallery, where they lie."""

import hashlib
import sqlite3
import threading
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from backend.gallery.brought import BroughtPicture, BroughtPictures
from backend.gallery.picture_files import PictureFile, picture_files
from backend.gallery.thumbnails import thumbnail_of
from backend.library.brought import BroughtBook
from backend.library.installations.known import installation_at
from backend.metadata.file_texts import read_texts
from backend.metadata.reading import reading_of
from backend.schema.bringing import BringRequest
from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutputError
from backend.schema.events import Event, Finished, Progress, Stage, Warned
from backend.schema.jobs import Job

KIND = "bring"
_AT_ONCE = 50
_NANOSECONDS = 1e9
_APART = 1e-6
"""Seconds between pictures of one time; a float of our days tells a quarter of it apart."""


@dataclass(frozen=True)
class PictureBringer:
    """Puts pictures into the gallery and takes them out; the jobs of kind `bring`.

    Satisfies `backend.jobs.ports.HostJob`.
    """

    book: BroughtBook
    pictures: BroughtPictures
    thumbnails: Path
    """The folder of small versions."""
    catalogue: Catalogue
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Nothing is put in while an installation is taken out."""

    def run(self, job: Job) -> Iterator[Event]:
        """Do a job, or go on with it."""
        return self.bring(job.bringing)

    def discard(self, job: Job) -> None:
        """Leave what an unfinished job has put in: pictures that are there."""

    def bring(self, request: BringRequest) -> Iterator[Event]:
        """Look through an installation's folders and put in what is new.

        It may be closed at any yield; what it put in is passed over the next time.

        Raises:
            OutputError: When the disk does not let us.
        """
        yield Stage(sentence=f"Looking for pictures of {request.label}")
        look = self._look(request.path, request.label)
        self._drop(look.gone)
        yield Stage(sentence=f"Reading pictures of {request.label}")
        broken: list[str] = []
        last = 0.0
        for start in range(0, len(look.new), _AT_ONCE):
            rows: list[BroughtPicture] = []
            for file in look.new[start : start + _AT_ONCE]:
                row = self._read(file)
                if row is None or row.hidden:
                    broken.append(PurePosixPath(file.path).name)
                if row is not None:
                    last = max(row.created, last + _APART)
                    rows.append(replace(row, created=last))
            if not self._add(request.path, rows):
                return
            done = min(start + _AT_ONCE, len(look.new))
            yield Progress(step=done, steps=len(look.new), batch=1, batches=1)
        if broken:
            yield Warned(sentence=_told(broken))
        shown = self.pictures.shown(request.path)
        yield Finished(sentence=_outcome(len(look.new) - len(broken), shown))

    def has_news(self, path: str, label: str) -> bool:
        """Whether pictures of an installation came, changed or went since the last time."""
        look = self._look(path, label)
        return bool(look.new or look.gone)

    def forget(self, path: str) -> tuple[str, ...]:
        """Take an installation out of the book, and its pictures out of the gallery.

        Gives the ids of these.

        Raises:
            OutputError: When the disk does not let us.
        """
        with self.lock:
            self.book.remove(path)
            gone = tuple(self.pictures.known(path))
            self._drop(gone)
        return gone

    def _look(self, path: str, label: str) -> "_Look":
        folders = installation_at(Path(path), label).outputs
        there = {_id_of(file): file for file in picture_files(folders)}
        known = self.pictures.known(path)
        new = sorted((there[each] for each in there.keys() - known.keys()), key=_by_age)
        return _Look(new, _gone(known, there, folders))

    def _read(self, file: PictureFile) -> BroughtPicture | None:
        """A picture with what its head tells; what is none is hidden, so that it is read once.

        None where the system does not let us read it now.
        """
        try:
            head = read_texts(Path(file.path))
        except OSError:
            return None
        reading = reading_of(head, self.catalogue) if head else None
        request = reading.request if reading else None
        return BroughtPicture(
            id=_id_of(file),
            path=file.path,
            bytes=file.bytes,
            changed=file.changed,
            width=head.width if head else 0,
            height=head.height if head else 0,
            seed=max(0, request.seed.value) if request else 0,
            prompt=request.prompt.positive if request else "",
            created=file.changed / _NANOSECONDS,
            hidden=head is None,
        )

    def _add(self, path: str, rows: Sequence[BroughtPicture]) -> bool:
        """Put pictures in, unless somebody has taken their installation out meanwhile."""
        with self.lock, _writing():
            in_use = self.book.find(path) is not None
            if in_use:
                self.pictures.add(path, rows)
        return in_use

    def _drop(self, ids: Sequence[str]) -> None:
        if ids:
            with _writing():
                self.pictures.remove(ids)
        for each in ids:
            with suppress(OSError):
                thumbnail_of(self.thumbnails, each).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Look:
    """What a look through the folders of an installation showed."""

    new: Sequence[PictureFile]
    """The oldest first."""
    gone: Sequence[str]
    """Their ids."""


@contextmanager
def _writing() -> Generator[None]:
    """Tell in words why the index cannot be written."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise OutputError(
            f"The index of brought pictures cannot be written ({error}).",
            "Free some space, then bring the folder again.",
        ) from error


def _id_of(file: PictureFile) -> str:
    """A picture that changes is another one, because browsers keep those that they have seen."""
    key = f"{file.path}\n{file.bytes}\n{file.changed}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _by_age(file: PictureFile) -> tuple[int, str]:
    return file.changed, file.path


def _gone(
    known: Mapping[str, str], there: Collection[str], folders: Sequence[Path]
) -> tuple[str, ...]:
    """The pictures that are not there any more, though the folder is that they were in.

    The others may be on a disk that comes back.
    """
    return tuple(
        each
        for each, path in known.items()
        if each not in there and any(Path(path).is_relative_to(folder) for folder in folders)
    )


def _told(broken: Sequence[str]) -> str:
    if len(broken) == 1:
        return f"{broken[0]} is no whole picture, and is not shown."
    return f"{len(broken):,} files are no whole pictures, such as {broken[0]}, and are not shown."


def _outcome(new: int, there: int) -> str:
    if not there:
        return "There are no pictures."
    pictures = "1 picture is" if there == 1 else f"{there:,} pictures are"
    return f"{pictures} in the gallery, {new:,} of them new."
