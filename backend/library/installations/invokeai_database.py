"""Reading InvokeAI's SQLite database without writing a byte beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

MOST_ROWS = 50_000
_LONGEST_VALUE = 1_000_000
"""Bytes."""
_WAIT_SECONDS = 2.0

Row = tuple[object, ...]


class DatabaseUnreadableError(Exception):
    """The database cannot be read, or has no such table; its text is SQLite's reason."""


def rows(database: Path, query: str) -> tuple[Row, ...]:
    """The rows of a query, the first of them where there are very many.

    Raises:
        DatabaseUnreadableError: With the reason.
    """
    try:
        with closing(_opened(database)) as opened:
            return tuple(opened.execute(query).fetchmany(MOST_ROWS))
    except (sqlite3.Error, OSError, ValueError) as error:
        raise DatabaseUnreadableError(str(error)) from error


def _opened(database: Path) -> sqlite3.Connection:
    """Open a database for reading.

    A log beside it that is not empty says that InvokeAI runs, or ended suddenly; only then are
    SQLite's own files beside it used, which are there in that case.
    """
    log = database.with_name(f"{database.name}-wal")
    running = log.exists() and log.stat().st_size > 0
    mode = "mode=ro" if running else "immutable=1"
    opened = sqlite3.connect(f"{database.absolute().as_uri()}?{mode}", _WAIT_SECONDS, uri=True)
    opened.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    opened.execute("PRAGMA trusted_schema = OFF")
    return opened
