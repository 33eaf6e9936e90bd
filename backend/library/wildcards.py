"""Reading the wildcards that other programs stored: lists of which one entry is drawn.

Sources: `apply_wildcards` of Fooocus and of SD.Next (a text file a wildcard, an entry a line), the
documentation of the extension “Dynamic Prompts” (`#` begins a comment; YAML and JSON files hold
wildcards in wildcards), the table `wildcards` of InvokeAI.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import cast

from backend.library.foreign_texts import Note, json_of, text_of, yaml_of
from backend.library.installations.invokeai_database import DatabaseUnreadableError, rows
from backend.library.installations.settings import told
from backend.metadata.loose import text
from backend.schema.bringing import Wildcard

MOST_FILES = 20_000
MOST_ENTRIES = 100_000
"""Of one YAML or JSON file, in which a few lines can stand for very many."""
_DEEPEST = 20
"""YAML can nest a mapping in itself."""
_READ = frozenset({".txt", ".yaml", ".yml", ".json"})
_ABOUT = frozenset({"readme", "license", "licence", "changelog", "requirements"})


def read_wildcards(place: Path, folder: Path, label: str, note: Note) -> Iterator[Wildcard]:
    """The wildcards of a place, by name; what is not understood of it is noted.

    Args:
        place: A folder, or a database of InvokeAI.
        folder: The installation.
        label: What to tell as the place that they are from, before the file's path.
        note: Takes what was not understood.
    """
    if place.is_file():
        yield from _of_database(place, f"{label}: {told(place, folder)}", note)
        return
    for number, file in enumerate(_files(place)):
        if number == MOST_FILES:
            note(place, f"It has more than {MOST_FILES:,} files.")
            return
        yield from _of_file(file, place, f"{label}: {told(file, folder)}", note)


def _files(place: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(place):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            path = PurePath(name)
            if path.suffix.lower() in _READ and path.stem.lower() not in _ABOUT:
                yield Path(parent) / name


def _of_file(file: Path, place: Path, source: str, note: Note) -> Iterator[Wildcard]:
    if file.suffix.lower() == ".txt":
        lines = (text_of(file, note) or "").splitlines()
        found = [(told(file.with_suffix(""), place), _entries(lines))]
    else:
        parsed = json_of(file, note) if file.suffix.lower() == ".json" else yaml_of(file, note)
        found = list(_within(parsed, "", _Counter(file, note)))
    for name, entries in found:
        if entries:
            yield Wildcard(name=name, entries=entries, source=source)


class _Counter:
    """Ends the reading of a file whose few lines stand for very many entries."""

    def __init__(self, file: Path, note: Note) -> None:
        self._file = file
        self._note = note
        self._left = MOST_ENTRIES

    def allows(self, count: int) -> bool:
        """Whether so many more may be read."""
        if 0 <= self._left < count:
            self._note(self._file, f"It has more than {MOST_ENTRIES:,} entries.")
        self._left -= count
        return self._left >= 0


def _within(value: object, name: str, counter: _Counter) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The wildcards of a mapping, those in it by their paths: `colours/warm`."""
    if isinstance(value, dict):
        if name.count("/") >= _DEEPEST or not counter.allows(len(value)):
            return
        for key, inner in cast("dict[object, object]", value).items():
            path = f"{name}/{key}" if name else str(key)
            yield from _within(inner, text(path), counter)
    elif name and isinstance(value, list | str | int | float):
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        if counter.allows(len(items)):
            yield name, _entries(str(item) for item in items if not isinstance(item, dict | list))


def _entries(lines: Iterable[str]) -> tuple[str, ...]:
    stripped = (text(line) for line in lines)
    return tuple(line for line in stripped if line and not line.startswith("#"))


def _of_database(file: Path, source: str, note: Note) -> Iterator[Wildcard]:
    try:
        found = rows(file, "wildcards", "name", "values_json")
    except DatabaseUnreadableError as error:
        note(file, f"Its wildcards cannot be read: {error}.")
        return
    for name, values in found:
        try:
            parsed: object = json.loads(values) if isinstance(values, str) else None
        except (ValueError, RecursionError):
            parsed = None
        items = cast("list[object]", parsed) if isinstance(parsed, list) else []
        entries = _entries(item for item in items if isinstance(item, str))
        if isinstance(name, str) and entries:
            yield Wildcard(name=text(name), entries=entries, source=source)
