"""Maps on disk, so that a picture that steers again is not looked at again."""

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from backend.control.files import png_of
from backend.metadata.opening import open_picture
from backend.outputs.writing import write_atomically
from backend.schema.errors import NotFoundError, OutputError, RequestError

LOG = logging.getLogger(__name__)
SECONDS_KEPT = 30 * 24 * 3600.0
"""After a map was used last."""
MOST_BYTES = 2**30
"""Of all maps together; those that were not used for longest go first."""


@dataclass(frozen=True)
class MapStore:
    """Maps by what they were made of."""

    folder: Path

    def find(self, key: str) -> Image.Image | None:
        """The map under a key; None where there is none, or none that is whole."""
        path = self._file(key)
        try:
            found = open_picture(path).pixels
        except (NotFoundError, RequestError):
            return None
        with suppress(OSError):  # it is in use: keep it for another while
            os.utime(path)
        return found

    def keep(self, key: str, made: Image.Image) -> None:
        """Write a map; a disk that refuses it only costs the time to make it again."""
        try:
            write_atomically(self._file(key), png_of(made))
        except OutputError as error:
            LOG.warning("map.unsaved key=%s reason=%s", key, error)
        self.sweep()

    def sweep(self) -> None:
        """Remove what was not used for long, and what is too much."""
        oldest, room = time.time() - SECONDS_KEPT, MOST_BYTES
        for path, used, size in sorted(self._files(), key=lambda file: file[1], reverse=True):
            room -= size
            if used < oldest or room < 0:
                with suppress(OSError):
                    path.unlink()

    def _files(self) -> list[tuple[Path, float, int]]:
        """Each map with when it was used last, and its bytes."""
        found: list[tuple[Path, float, int]] = []
        for path in self.folder.glob("*.png"):
            with suppress(OSError):
                state = path.stat()
                found.append((path, state.st_mtime, state.st_size))
        return found

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.png"
