"""Small versions of pictures that the hubs named, kept so that each is fetched once."""

import hashlib
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from backend.gallery.thumbnails import make_thumbnail
from backend.hubs.network import Network
from backend.schema.errors import NotFoundError

_MOST_ALLOWED = 20_000
_KEPT_SECONDS = 30 * 24 * 3600.0
_SIDE = 450


class HubPictures:
    """Fetches pictures that were named in a hub's answers, and no others.

    Were any address fetched, a guest could have this machine ask the hubs for what they like.
    """

    def __init__(self, network: Network, data: Path) -> None:
        self._network = network
        self._folder = data / "thumbnails" / "hubs"
        self._allowed: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._is_tidy = False

    def allow(self, addresses: Iterable[str]) -> None:
        """Let pictures be fetched from now on."""
        with self._lock:
            for address in filter(None, addresses):
                self._allowed[address] = None
                self._allowed.move_to_end(address)
            while len(self._allowed) > _MOST_ALLOWED:
                self._allowed.popitem(last=False)

    def small(self, address: str) -> bytes:
        """The small version, as WebP.

        Raises:
            NotFoundError: When no hub named it, or it is no picture.
            HubError: When it cannot be had.
            OutputError: When it cannot be written.
        """
        path = self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.webp"
        with suppress(OSError):
            return path.read_bytes()
        with self._lock:
            if address not in self._allowed:
                raise NotFoundError("No hub named this picture.", "Search again.")
        self._tidy()
        make_thumbnail(io.BytesIO(self._network.picture(address)), path, _SIDE)
        return path.read_bytes()

    def _tidy(self) -> None:
        """Once, remove what was made long ago."""
        with self._lock:
            tidy, self._is_tidy = self._is_tidy, True
        oldest = time.time() - _KEPT_SECONDS
        for path in () if tidy else self._folder.glob("*.webp"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
