"""Opening SQLite files that must never keep the program from running."""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
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


class ForgetfulDatabase:
    """Rows of what can be found out again; where the disk refuses them, they end with the program.

    Opened at the first need, and again after `close`. Safe to use from several threads.
    """

    def __init__(
        self,
        path: Path,
        create: str,
        version: int,
        opened: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        """Use the database at `path`; see `open_database`.

        Args:
            path: The file.
            create: The statements that make what is missing.
            version: The format that `create` makes.
            opened: Is called with the connection whenever it was opened.
        """
        self._path = path
        self._create = create
        self._version = version
        self._opened = opened
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def ask(self, query: str, *values: str) -> list[sqlite3.Row]:
        """The rows that a query gives; none where they cannot be read."""
        with self._lock:
            try:
                return self._database().execute(query, values).fetchall()
            except sqlite3.Error as error:
                LOG.warning("database.unread path=%s error=%s", self._path, error)
                return []

    def write(self, statement: str, rows: Sequence[tuple[str | float, ...]]) -> None:
        """Do a statement with each row, with all or none; what cannot be written is forgotten."""
        if not rows:
            return
        with self._lock:
            try:
                with self._database() as database:
                    database.executemany(statement, rows)
            except sqlite3.Error as error:
                LOG.warning("database.unwritten path=%s error=%s", self._path, error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = self._open()
            self._opened(connection)
            self._connection = connection
        return self._connection

    def _open(self) -> sqlite3.Connection:
        try:
            return open_database(self._path, self._create, self._version).connection
        except (sqlite3.Error, OSError, EaselError) as error:
            LOG.warning("database.in_memory path=%s error=%s", self._path, error)
            database = sqlite3.connect(":memory:", check_same_thread=False)
            database.row_factory = sqlite3.Row
            database.executescript(self._create)
            return database


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
