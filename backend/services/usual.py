"""How this machine's owner has memory used for every picture, kept in a file."""

import logging
import threading
from pathlib import Path

from backend.outputs.writing import write_atomically
from backend.schema.memory_settings import MemorySettings, UsualMemory

LOG = logging.getLogger(__name__)


class UsualBook:
    """Keeps one `UsualMemory`. Safe to use from several threads."""

    def __init__(self, path: Path, this_time: MemorySettings | None = None) -> None:
        """Use the file at `path`, made when something is kept first.

        Args:
            path: The file.
            this_time: What the command line decided for this run; it goes before what is kept.
        """
        self._path = path
        self._this_time = this_time or MemorySettings()
        self._lock = threading.Lock()
        self._told = False

    @property
    def kept(self) -> UsualMemory:
        """What was kept last; nothing is decided before, or where the file is damaged."""
        with self._lock:
            try:
                return UsualMemory.model_validate_json(self._path.read_bytes())
            except FileNotFoundError:
                return UsualMemory()
            except (OSError, ValueError) as error:
                if not self._told:
                    LOG.warning("memory.unreadable path=%s error=%s", self._path, error)
                self._told = True
                return UsualMemory()

    @property
    def now(self) -> UsualMemory:
        """What counts in this run."""
        kept = self.kept
        return kept.model_copy(update={"settings": self._this_time.over(kept.settings)})

    def keep(self, usual: UsualMemory) -> None:
        """Keep it in place of what was kept before.

        Raises:
            OutputError: When it cannot be written.
        """
        with self._lock:
            write_atomically(self._path, usual.model_dump_json(indent=1).encode())
            self._told = False
