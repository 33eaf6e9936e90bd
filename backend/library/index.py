"""What was read of model files, kept in SQLite, so that only new and changed files are opened."""

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from backend.database import ForgetfulDatabase

_VERSION = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS facts (
    path TEXT PRIMARY KEY, bytes INTEGER, changed INTEGER, cards TEXT, told TEXT
);
CREATE TABLE IF NOT EXISTS hashes (
    path TEXT PRIMARY KEY, bytes INTEGER, changed INTEGER, sha256 TEXT, tensors TEXT
);
CREATE TABLE IF NOT EXISTS reader (digest TEXT);
"""
_READERS = ("backend.library.identify", "backend.library", "backend.formats", "backend.schema")


@dataclass(frozen=True)
class Row:
    """What is known of a file while its size, its time and the files beside it stay the same."""

    path: str
    bytes: int
    changed: int
    cards: str
    told: str
    """As JSON."""


@dataclass(frozen=True)
class HashRow:
    """A file's hashes, which hold while its size and time stay the same."""

    path: str
    bytes: int
    changed: int
    sha256: str
    tensors: str
    """Of the bytes after the header; empty where nobody worked it out."""


class Index:
    """Remembers rows; where the disk lets it write nothing, it forgets them at the end."""

    def __init__(self, path: Path) -> None:
        """Use the database at `path`, opened at the first need."""
        self._rows = ForgetfulDatabase(path, _CREATE, _VERSION, _forget_other_readers)

    def rows(self) -> dict[str, Row]:
        """All that is known of files, by path."""
        return {row["path"]: Row(*row) for row in self._rows.ask("SELECT * FROM facts")}

    def hashes(self) -> dict[str, HashRow]:
        """All hashes, by path."""
        return {row["path"]: HashRow(*row) for row in self._rows.ask("SELECT * FROM hashes")}

    def hash_of(self, path: str) -> HashRow | None:
        """What is known of one file's hashes."""
        rows = self._rows.ask("SELECT * FROM hashes WHERE path = ?", path)
        return HashRow(*rows[0]) if rows else None

    def keep(self, rows: Iterable[Row]) -> None:
        """Remember what was read, in place of what was known."""
        self._rows.write(
            "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)",
            [(row.path, row.bytes, row.changed, row.cards, row.told) for row in rows],
        )

    def drop(self, paths: Iterable[str]) -> None:
        """Forget files that are gone; their hashes stay, for a disk that comes back."""
        self._rows.write("DELETE FROM facts WHERE path = ?", [(path,) for path in paths])

    def keep_hash(self, row: HashRow) -> None:
        """Remember a file's hashes."""
        self._rows.write(
            "INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?)",
            [(row.path, row.bytes, row.changed, row.sha256, row.tensors)],
        )

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._rows.close()


def _forget_other_readers(database: sqlite3.Connection) -> None:
    """Forget what another version of the code read, which may have known less."""
    digest = hashlib.sha256(b"".join(_code())).hexdigest()
    found = database.execute("SELECT digest FROM reader").fetchone()
    if found is None or found["digest"] != digest:
        with database:
            database.execute("DELETE FROM facts")
            database.execute("DELETE FROM reader")
            database.execute("INSERT INTO reader VALUES (?)", (digest,))


def _code() -> Iterable[bytes]:
    """The code that turns files into facts."""
    sources: list[Traversable] = [source for name in _READERS for source in files(name).iterdir()]
    for source in sorted(sources, key=lambda each: each.name):
        if source.name.endswith(".py"):
            yield source.read_bytes()
