"""Which installations of other programs are in use, in a file of its own."""

import threading
from pathlib import Path

from pydantic import RootModel

from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen


class InUse(Frozen):
    """An installation that a person brought."""

    path: str
    label: str
    added: bool
    """Whether its folder came into the library with it, and goes with it."""


class _All(RootModel[tuple[InUse, ...]]):
    pass


class BroughtBook:
    """The installations in use. Safe from several threads; another program may write it too."""

    def __init__(self, file: Path) -> None:
        """Keep them in this JSON file."""
        self._file = file
        self._lock = threading.Lock()

    def all(self) -> tuple[InUse, ...]:
        """All of them, in the order in which they were brought."""
        try:
            return _All.model_validate_json(self._file.read_bytes()).root
        except (OSError, ValueError):
            return ()

    def find(self, path: str) -> InUse | None:
        """The one in a folder."""
        return next((one for one in self.all() if one.path == path), None)

    def put(self, new: InUse) -> None:
        """Note an installation, in place of what its folder stood for.

        Raises:
            OutputError: When it cannot be written.
        """
        with self._lock:
            there = {one.path: one for one in self.all()} | {new.path: new}
            self._write(tuple(there.values()))

    def remove(self, path: str) -> None:
        """Strike out an installation; nothing happens where it is not there.

        Raises:
            OutputError: When it cannot be written.
        """
        with self._lock:
            self._write(tuple(one for one in self.all() if one.path != path))

    def _write(self, there: tuple[InUse, ...]) -> None:
        write_atomically(self._file, _All(there).model_dump_json(indent=1).encode())
