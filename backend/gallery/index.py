"""The index of pictures: one SQLite row each, found by id or by age."""

import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from backend.database import open_database
from backend.schema.jobs import PictureView

_FORMAT = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS pictures (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    created REAL NOT NULL,
    saved INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS pictures_by_age ON pictures (created DESC, "index" DESC);
CREATE INDEX IF NOT EXISTS pictures_by_owner ON pictures (owner, created DESC, "index" DESC);
"""
_ADD = """
INSERT OR REPLACE INTO pictures VALUES (
    :id, :job, :index, :owner, :path, :width, :height, :seed, :prompt, :created, :saved
)
"""
_NEWEST = """
SELECT * FROM pictures
WHERE (:owner IS NULL OR owner = :owner) AND (:before IS NULL OR created < :before)
ORDER BY created DESC, "index" DESC, id
LIMIT :limit
"""


class GalleryIndex:
    """All pictures of one installation. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the index at `path`, made when it is not there or damaged.

        Raises:
            sqlite3.OperationalError: When the disk does not let us.
            OSError: The same.
            EaselError: When a newer version of Easel wrote it.
        """
        self._lock = threading.Lock()
        self._is_new = not path.exists()
        opened = open_database(path, _CREATE, _FORMAT)
        self._is_new |= opened.set_aside is not None
        self._database = opened.connection

    @property
    def is_new(self) -> bool:
        """Whether the file was made just now, so that earlier pictures are missing from it."""
        return self._is_new

    def add(self, picture: PictureView) -> None:
        """Put `picture` in, in place of what its id stood for before."""
        with self._lock, self._database:
            self._database.execute(_ADD, picture.model_dump())

    def get(self, picture_id: str) -> PictureView | None:
        """The picture of this id; None where there is none."""
        with self._lock:
            query = self._database.execute("SELECT * FROM pictures WHERE id = ?", (picture_id,))
            row = query.fetchone()
        return None if row is None else _picture(row)

    def newest(
        self, owner: str | None = None, limit: int = 60, before: float | None = None
    ) -> tuple[PictureView, ...]:
        """Up to `limit` pictures, newest first.

        Args:
            owner: Only theirs; None for everybody's.
            limit: How many at most.
            before: Only pictures made before this time, in seconds since the epoch.
        """
        values = {"owner": owner, "before": before, "limit": limit}
        with self._lock:
            rows = self._database.execute(_NEWEST, values).fetchall()
        return tuple(_picture(row) for row in rows)

    def remove(self, picture_id: str) -> None:
        """Take a picture out; its file is left alone. Nothing happens where it is not there."""
        with self._lock, self._database:
            self._database.execute("DELETE FROM pictures WHERE id = ?", (picture_id,))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()


def _picture(row: sqlite3.Row) -> PictureView:
    values: Mapping[str, object] = dict(row)
    return PictureView.model_validate(values)
