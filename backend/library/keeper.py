"""The library's own thread: looks through the folders at the start, then works out hashes."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from backend.library.hashing import Hasher
from backend.library.scanning import Scanner
from backend.schema.errors import ModelError
from backend.schema.library import LibraryEntry

LOG = logging.getLogger(__name__)

SETTLE_SECONDS = 10.0
"""Before the first file is hashed: the engine's start and the first picture read disks as well."""
_LOOK_SECONDS = 2.0
_LONGEST_PAUSE = 1.0
_CLOSE_SECONDS = 5.0


class _StoppedError(Exception):
    """The program ends."""


class Keeper:
    """Works while nobody else does, at half of one processor at most."""

    def __init__(self, scanner: Scanner, hasher: Hasher, busy: Callable[[], bool]) -> None:
        """Keep what `scanner` finds hashed, except while `busy`."""
        self._scanner = scanner
        self._hasher = hasher
        self._busy = busy
        self._stop = threading.Event()
        self._given_up: set[tuple[str, float]] = set()
        self._thread = threading.Thread(target=self._run, name="library", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._scanner.expect()
        self._thread.start()

    def close(self) -> None:
        """End what is under way, in a moment; what is known by then is kept."""
        self._stop.set()
        self._scanner.stop()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        self._scanner.scan()
        if self._stop.wait(SETTLE_SECONDS):
            return
        seen = -1
        while not self._stop.is_set():
            if self._scanner.revision != seen:
                seen = self._scanner.revision
                self._hash_all()
            self._stop.wait(_LOOK_SECONDS)

    def _hash_all(self) -> None:
        """The smallest first, so that most are known soon."""
        for entry in sorted(unhashed(self._scanner), key=lambda entry: entry.bytes):
            if (entry.path, entry.modified) in self._given_up:
                continue
            try:
                hashes = self._hasher.hashes(Path(entry.path), self._pause)
            except (ModelError, OSError) as error:
                LOG.warning("library.unhashed path=%s error=%s", entry.path, error)
                self._given_up.add((entry.path, entry.modified))
            except _StoppedError:
                return
            else:
                self._scanner.note_hashes(entry.path, hashes)

    def _pause(self, seconds: float) -> None:
        """Give way: as long as the step took, and for as long as others have work to do."""
        stopped = self._stop.wait(min(seconds, _LONGEST_PAUSE))
        while not stopped and (self._hasher.hurried or self._busy()):
            stopped = self._stop.wait(_LONGEST_PAUSE)
        if stopped:
            raise _StoppedError


def unhashed(scanner: Scanner) -> list[LibraryEntry]:
    """What can be used and has no hashes yet."""
    return [entry for entry in scanner.entries().values() if entry.model and not entry.hashes]
