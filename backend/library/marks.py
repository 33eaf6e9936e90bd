"""What a person marks models with, kept so that it outlives new names and places."""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pydantic import RootModel

from backend.outputs.writing import write_atomically
from backend.schema.errors import OutOfRangeError
from backend.schema.keeping import LONGEST_TAG, MOST_TAGS, Mark
from backend.schema.library import LibraryEntry

NONE = Mark()


class _Kept(Mark):
    """A mark with the fingerprint of the file it is on, once that is known."""

    sha256: str = ""

    @property
    def mark(self) -> Mark:
        return Mark(favourite=self.favourite, tags=self.tags)


class _AllKept(RootModel[dict[str, _Kept]]):
    """By the library's id of a model."""


class MarkBook:
    """Favourites and tags, in one JSON file. Safe to use from several threads.

    A mark is found by the model's id. Where another program gave a file a new name, the mark
    whose id is gone is found by the file's fingerprint.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, made with the first mark."""
        self._path = path
        self._lock = threading.Lock()

    def all(self, entries: Iterable[LibraryEntry]) -> Mapping[str, Mark]:
        """The marks of these models, by id; those without one are left out."""
        there = {entry.id: entry for entry in entries}
        with self._lock:
            kept = self._settled(there)
        return {known: mark.mark for known, mark in kept.items() if known in there}

    def change(
        self, entry: LibraryEntry, entries: Iterable[LibraryEntry], change: Callable[[Mark], Mark]
    ) -> Mark:
        """Change the mark of a model; one that says nothing is forgotten.

        Args:
            entry: The model.
            entries: All models.
            change: What to make of its mark.

        Raises:
            OutOfRangeError: When a tag is too long, or there are too many.
            OutputError: When it cannot be written.
        """
        with self._lock:
            kept = self._settled({each.id: each for each in entries})
            old = kept.pop(entry.id, _Kept())
            new = _checked(change(old.mark))
            if new != NONE:
                sha256 = entry.hashes.sha256 if entry.hashes else old.sha256
                kept[entry.id] = _Kept(favourite=new.favourite, tags=new.tags, sha256=sha256)
            self._write(kept)
        return new

    def move(self, old: str, new: str) -> None:
        """Keep a model's mark under its new id.

        Raises:
            OutputError: When it cannot be written.
        """
        with self._lock:
            kept = self._read()
            if old in kept:
                kept[new] = kept.pop(old)
                self._write(kept)

    def _settled(self, there: Mapping[str, LibraryEntry]) -> dict[str, _Kept]:
        """All marks, with fingerprints that are known by now and ids as they are now."""
        kept = self._read()
        before = dict(kept)
        for known, mark in before.items():
            entry = there.get(known)
            if entry and entry.hashes and not mark.sha256:
                kept[known] = mark.model_copy(update={"sha256": entry.hashes.sha256})
        lost = {mark.sha256: known for known, mark in kept.items() if known not in there}
        lost.pop("", None)
        for entry in there.values():
            known = lost.pop(entry.hashes.sha256, "") if entry.hashes else ""
            if known and entry.id not in kept:
                kept[entry.id] = kept.pop(known)
        if kept != before:
            self._write(kept)
        return kept

    def _read(self) -> dict[str, _Kept]:
        """All marks; a damaged file is put aside, not lost."""
        try:
            return dict(_AllKept.model_validate_json(self._path.read_bytes()).root)
        except FileNotFoundError:
            return {}
        except ValueError:
            self._path.replace(self._path.with_suffix(".damaged.json"))
            return {}

    def _write(self, kept: dict[str, _Kept]) -> None:
        write_atomically(self._path, _AllKept(kept).model_dump_json(indent=1).encode())


def _checked(mark: Mark) -> Mark:
    """The mark with its tags tidied: no blanks around them, none twice, whatever their case."""
    words = (" ".join(tag.split()) for tag in mark.tags)
    tags = tuple({tag.casefold(): tag for tag in words if tag}.values())
    if len(tags) > MOST_TAGS:
        raise OutOfRangeError(f"{len(tags)} tags are too many.", f"Keep {MOST_TAGS} at most.")
    longest = max(tags, key=len, default="")
    if len(longest) > LONGEST_TAG:
        raise OutOfRangeError(
            f"The tag “{longest[:LONGEST_TAG]}…” is too long.",
            f"Shorten it to {LONGEST_TAG} characters.",
        )
    return Mark(favourite=mark.favourite, tags=tags)
