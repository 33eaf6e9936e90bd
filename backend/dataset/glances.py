"""What pictures look like, looked at once as long as their files stay as they are."""

import threading
from collections import OrderedDict
from pathlib import Path

from backend.dataset.looking import Look, look_at

_MOST = 20_000


class Glances:
    """Keeps how pictures look while the program runs."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Path, int, int], Look] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, path: Path) -> Look:
        """Look at a picture, or remember it; see `look_at`."""
        try:
            file = path.stat()
        except OSError:
            return look_at(path)
        key = path, file.st_size, file.st_mtime_ns
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = look_at(path)
            with self._lock:
                self._known[key] = known
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return known
