"""Models that are here several times."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from backend.schema.keeping import Copies
from backend.schema.library import LibraryEntry


def copies(entries: Iterable[LibraryEntry]) -> tuple[Copies, ...]:
    """What is the same, as far as hashes are known: the largest waste first.

    Files with the same bytes are copies; so are those that differ in their headers only, such as
    after another program wrote its metadata into one. Two names of one file are none.
    """
    by_file: defaultdict[str, list[LibraryEntry]] = defaultdict(list)
    for entry in entries:
        if entry.hashes:
            by_file[entry.hashes.sha256].append(entry)
    found = [_told(group, "file") for group in map(_apart, by_file.values()) if len(group) > 1]
    by_numbers: defaultdict[str, list[LibraryEntry]] = defaultdict(list)
    for first, *_ in by_file.values():
        tensors = first.hashes.tensors if first.hashes else ""
        if tensors and first.model:
            numbers = sum(share.bytes for share in first.model.precision.shares)
            by_numbers[f"{tensors} {numbers}"].append(first)
    found += [_told(group, "numbers") for group in by_numbers.values() if len(group) > 1]
    return tuple(sorted(found, key=lambda each: (-each.bytes, each.ids)))


def _apart(group: list[LibraryEntry]) -> list[LibraryEntry]:
    """Those that are not the same file under two names."""
    files: dict[object, LibraryEntry] = {}
    for entry in sorted(group, key=lambda each: each.id):
        path = Path(entry.path)
        try:
            state = path.stat()
        except OSError:
            continue
        files.setdefault((state.st_dev, state.st_ino), entry)
    return list(files.values())


def _told(group: list[LibraryEntry], same: Literal["file", "numbers"]) -> Copies:
    ids = tuple(sorted(entry.id for entry in group))
    waste = sum(entry.bytes for entry in group) - max(entry.bytes for entry in group)
    return Copies(ids=ids, same=same, bytes=waste)
