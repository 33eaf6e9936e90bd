"""The index of pictures that other programs made, which stay where they are."""

import logging
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from backend.database import open_database
from backend.schema.errors import EaselError
from backend.schema.jobs import OWNER, PictureView

LOG = logging.getLogger(__name__)

_FORMAT = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS pictures (
    id TEXT PRIMARY KEY,
    installation TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    created REAL NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS pictures_by_age ON pictures (hidden, created DESC);
CREATE INDEX IF NOT EXISTS pictures_by_installation ON pictures (installation, path);
"""
_ADD = """
INSERT INTO pictures (
    id, installation, path, bytes, changed, width, height, seed, prompt, created, hidden
) VALUES (
    :id, :installation, :path, :bytes, :changed, :width, :height, :seed, :prompt, :created, :hidden
) ON CONFLICT (id) DO NOTHING
"""
_NEWEST = """
SELECT * FROM pictures
WHERE NOT hidden AND (:before IS NULL OR created < :before)
ORDER BY hidden, created DESC
LIMIT :limit
"""

_Values = tuple[str, ...] | dict[str, float | None]


@dataclass(frozen=True)
class BroughtPicture:
    """A picture in a folder of another program."""

    id: str
    """Of its path, size and time: a picture that changes is another one."""
    path: str
    """Absolute, with forward slashes."""
    bytes: int
    changed: int
    """Nanoseconds since the epoch."""
    width: int
    height: int
    seed: int
    """0 where the file does not tell."""
    prompt: str
    created: float
    """Seconds since the epoch, no two the same where it can be helped: pages begin at a time."""
    hidden: bool = False
    """Whether it is only noted, so that nobody reads it again."""


class BroughtPictures:
    """All pictures of installations, which are the owner's. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Use the database at `path`, made when something is put in."""
        self._path = path
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None

    def add(self, installation: str, pictures: Iterable[BroughtPicture]) -> None:
        """Put pictures in, all or none; those that are there already stay as they are.

        Raises:
            sqlite3.DatabaseError: When the disk does not let us.
            OSError: The same.
            EaselError: When a newer version of Easel wrote the file.
        """
        rows = [asdict(each) | {"installation": installation} for each in pictures]
        with self._lock, self._opened() as database:
            database.executemany(_ADD, rows)

    def known(self, installation: str) -> Mapping[str, str]:
        """The ids of an installation's pictures, hidden ones included, with their paths."""
        rows = self._rows("SELECT id, path FROM pictures WHERE installation = ?", (installation,))
        return {row["id"]: row["path"] for row in rows}

    def shown(self, installation: str) -> int:
        """How many pictures of an installation are not hidden."""
        query = "SELECT count(*) FROM pictures WHERE installation = ? AND NOT hidden"
        rows = self._rows(query, (installation,))
        return rows[0][0] if rows else 0

    def get(self, picture_id: str) -> PictureView | None:
        """The picture of this id; None where there is none, or it is hidden."""
        rows = self._rows("SELECT * FROM pictures WHERE id = ? AND NOT hidden", (picture_id,))
        return _view(rows[0]) if rows else None

    def newest(self, limit: int, before: float | None = None) -> tuple[PictureView, ...]:
        """Up to `limit` pictures, newest first, made before a time where one is given."""
        rows = self._rows(_NEWEST, {"limit": limit, "before": before})
        return tuple(_view(row) for row in rows)

    def hide(self, picture_id: str) -> None:
        """Show a picture no more, whenever its folder is looked through again.

        Raises:
            sqlite3.DatabaseError: When the disk does not let us.
            OSError: The same.
        """
        with self._lock, self._opened() as database:
            database.execute("UPDATE pictures SET hidden = 1 WHERE id = ?", (picture_id,))

    def remove(self, picture_ids: Iterable[str]) -> None:
        """Take pictures out, as if they had never been in.

        Raises:
            sqlite3.DatabaseError: When the disk does not let us.
            OSError: The same.
        """
        with self._lock, self._opened() as database:
            database.executemany("DELETE FROM pictures WHERE id = ?", ((e,) for e in picture_ids))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _rows(self, query: str, values: _Values) -> list[sqlite3.Row]:
        """The rows of a query; none where the file is not there, or cannot be read."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return []
            try:
                return self._opened().execute(query, values).fetchall()
            except (sqlite3.DatabaseError, OSError, EaselError) as error:
                LOG.warning("brought.unreadable path=%s error=%s", self._path, error)
                return []

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = open_database(self._path, _CREATE, _FORMAT).connection
        return self._database


def _view(row: sqlite3.Row) -> PictureView:
    """A picture as the gallery shows it; as its job it names one that nobody has."""
    picture_id: str = row["id"]
    return PictureView(
        id=picture_id,
        job=picture_id,
        index=0,
        owner=OWNER.id,
        path=row["path"],
        width=row["width"],
        height=row["height"],
        seed=row["seed"],
        prompt=row["prompt"],
        created=row["created"],
    )
