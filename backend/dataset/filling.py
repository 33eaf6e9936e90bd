"""Putting pictures with captions into a dataset; what they come from is never changed."""

import filecmp
import os
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from backend.dataset.names import concept_name, free_name, plain_name
from backend.dataset.own import OwnDataset, pictures_in, stems_in
from backend.dataset.scanning import MOST_PICTURES, scan
from backend.metadata.opening import ENDINGS, open_picture
from backend.schema.errors import OutputError, RequestError

_NAMED = 3
"""Of the files that something is wrong with."""


@dataclass(frozen=True)
class Filling:
    """Takes pictures in, each once."""

    dataset: OwnDataset
    sizes: dict[int, list[Path]] = field(default_factory=lambda: defaultdict[int, list[Path]](list))
    """The pictures that are there, by how many bytes they have."""

    def __post_init__(self) -> None:
        """See what is there."""
        for picture in pictures_in(self.dataset.folder):
            self.sizes[picture.stat().st_size].append(picture)

    def take(self, content: IO[bytes], name: str, concept: str) -> Path:
        """Take in a picture that is handed over.

        Args:
            content: The bytes of its file.
            name: What the file is called elsewhere.
            concept: The folder that it goes to.

        Returns:
            Its file.

        Raises:
            NotFoundError: When there is no such concept.
            RequestError: When it is no whole picture, or there already.
            OutputError: When it cannot be written.
        """
        open_picture(content, name)
        content.seek(0)
        part = self.dataset.folder / f".{secrets.token_hex(8)}.part"
        try:
            with part.open("wb") as file:
                shutil.copyfileobj(content, file)
            return self.put(part, name, concept, "")
        except OSError as error:
            raise _unwritten(name, error) from error
        finally:
            part.unlink(missing_ok=True)

    def take_folder(self, folder: Path) -> Iterator[tuple[Path | None, str]]:
        """Take in the pictures of a folder with their captions, folders as concepts.

        Each comes as its new file, or as None with the reason in words.

        Raises:
            NotFoundError: When there is no such folder, or no picture in it.
            RequestError: When there are too many pictures.
            OutputError: When a picture cannot be written.
        """
        scanned = scan(folder)
        for finding in scanned.findings:
            if finding.code != "unreadable":  # each of those is named below
                yield None, f"{finding.sentence} ({', '.join(finding.paths[:_NAMED])})"
        for item in scanned.items:
            source = folder / item.path
            if not item.width:
                yield None, f"{source.name} cannot be read."
                continue
            inside = source.parent != folder
            concept = concept_name(source.parent.name, "pictures") if inside else ""
            try:
                (self.dataset.folder / concept).mkdir(exist_ok=True)
                yield self.put(source, source.name, concept, item.caption), ""
            except RequestError as error:
                yield None, error.sentence
            except OSError as error:
                raise _unwritten(source.name, error) from error

    def put(self, source: Path, name: str, concept: str, caption: str) -> Path:
        """Put a picture's file into the dataset, as a hard link where the disk lets us.

        Raises:
            NotFoundError: When there is no such concept.
            RequestError: When it is there already, or there are too many.
            OSError: When it cannot be written.
        """
        home = self.dataset.home(concept)
        self._refuse(source, name)
        ending = Path(name).suffix.lower()
        stem = free_name(plain_name(Path(name).stem, "picture"), stems_in(home))
        target = home / f"{stem}{ending if ending in ENDINGS else '.png'}"
        _link(source, target)
        self.sizes[target.stat().st_size].append(target)
        if caption:
            self.dataset.write_caption(target.relative_to(self.dataset.folder).as_posix(), caption)
        return target

    def _refuse(self, source: Path, name: str) -> None:
        alike = self.sizes.get(source.stat().st_size, [])
        if any(filecmp.cmp(source, each, shallow=False) for each in alike):
            raise RequestError(f"{name} is there already.")
        if sum(map(len, self.sizes.values())) >= MOST_PICTURES:
            raise RequestError(
                f"A dataset has {MOST_PICTURES:,} pictures at most.", "Begin another one."
            )


def _link(source: Path, target: Path) -> None:
    """Link a file, or copy it where the disk has no links; nothing is ever overwritten."""
    with suppress(OSError):
        os.link(source.resolve(), target)  # of a symbolic link, what it leads to
        return
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        shutil.copyfile(source, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _unwritten(name: str, error: OSError) -> OutputError:
    return OutputError(
        f"{name} cannot be put into the dataset: {error.strerror}.",
        "Look at the room on the disk of the data folder, and at its rights.",
    )
