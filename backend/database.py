"""Opening SQLite files that must never keep the program from running."""

import contextlib
import logging
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from backend.schema.errors import EaselError

LOG = logging.getLogger(__name__)

LOCK_SECONDS = 2.0


@dataclass(frozen=True)
class Opened:
    """An open database."""

    connection: sqlite3.Connection
    set_aside: Path | None = None
    """Where the file went that stood there before, because it was damaged."""


def open_database(path: Path, create: str, version: int) -> Opened:
    """Open the database at `path`, made when it is not there, for use from several threads.

    Every commit is on the disk when it returns. A damaged file is put aside and a new one begun.

    Args:
        path: The file.
        create: The statements that make what is missing.
        version: The format that `create` makes.

    Raises:
        sqlite3.OperationalError: When the disk does not let us.
        OSError: The same.
        EaselError: When a newer version of Easel wrote the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Opened(_connected(path, create, version))
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        LOG.warning("database.damaged path=%s error=%s", path, error)
        aside = path.with_name(f"{path.stem}-damaged-{time.time_ns()}{path.suffix}")
        path.replace(aside)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        return Opened(_connected(path, create, version), set_aside=aside)


def _connected(path: Path, create: str, version: int) -> sqlite3.Connection:
    with contextlib.ExitStack() as undo:
        database = sqlite3.connect(path, timeout=LOCK_SECONDS, check_same_thread=False)
        undo.callback(database.close)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise EaselError(
                f"A newer version of Easel wrote {path}.",
                "Update Easel, or choose another data folder with EASEL_DATA.",
            )
        database.executescript(create)
        database.execute(f"PRAGMA user_version = {version}")
        undo.pop_all()
    return database
