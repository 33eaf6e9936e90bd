"""Locks that keep a second process away from a folder."""

import logging
from pathlib import Path

from filelock import FileLock, Timeout

LOG = logging.getLogger(__name__)


class HeldLock:
    """A lock file that one process holds while it lives.

    The operating system releases it when the process ends, however it ends, so a file left behind
    by a crash never locks anybody out. Who holds it stands in a second file beside it, because
    Windows lets nobody read a locked one.
    """

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path)
        self._holder = path.with_suffix(".holder")

    def take(self, holder: str, *, seconds: float = 0.0) -> bool:
        """Take the lock and note who holds it; False if another process still has it after that.

        Raises:
            OSError: When the lock file cannot be made.
        """
        self._holder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        self.note(holder)
        return True

    def note(self, holder: str) -> None:
        """Note who holds the lock, in words for those who find it taken."""
        try:
            self._holder.write_text(holder, encoding="utf-8")
        except OSError as error:  # a full disk must not keep the program from running
            LOG.warning("lock.note_failed path=%s error=%s", self._holder, error)

    @property
    def holder(self) -> str:
        """What the holder noted last; empty when unknown."""
        try:
            return self._holder.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def release(self) -> None:
        """Give the lock back."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()
