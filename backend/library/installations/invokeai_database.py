"""Reading InvokeAI's SQLite database without writing a byte beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

MOST_ROWS = 50_000
_LONGEST_VALUE = 1_000_000
"""Bytes."""
_WAIT_SECONDS = 2.0
_TABLE = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"

Row = tuple[object, ...]


class DatabaseUnreadableError(Exception):
    """The database cannot be read; its text is the reason."""


def rows(database: Path, table: str, *columns: str) -> tuple[Row, ...]:
    """Columns of a table, the first rows where there are very many; none without the table.

    Args:
        database: The file.
        table: A table that some version of InvokeAI has.
        columns: Its columns; the first tells the order.

    Raises:
        DatabaseUnreadableError: With the reason.
    """
    query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {columns[0]}"  # noqa: S608 ours
    try:
        with closing(_opened(database)) as opened:
            if not opened.execute(_TABLE, (table,)).fetchone():
                return ()
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
    return opened
