"""Finding pictures below folders, however the folders are linked."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

LOG = logging.getLogger(__name__)

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif"})
_SKIPPED = frozenset({"thumbnails"})
"""InvokeAI's small versions."""


@dataclass(frozen=True)
class PictureFile:
    """A file that should be a picture, as the file system tells it."""

    path: str
    """With forward slashes."""
    bytes: int
    changed: int
    """Nanoseconds since the epoch."""


def picture_files(folders: Iterable[Path]) -> Iterator[PictureFile]:
    """The pictures in these folders and all folders below them, each once.

    Hidden folders are passed over, and so is what the system does not let us read.
    """
    waiting = [str(folder) for folder in folders]
    entered: set[tuple[int, int]] = set()
    while waiting:
        path = waiting.pop()
        try:
            state = os.stat(path)  # noqa: PTH116  speed
            if (state.st_dev, state.st_ino) in entered:
                continue
            entered.add((state.st_dev, state.st_ino))
            with os.scandir(path) as entries:
                shown = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            LOG.warning("gallery.unreadable path=%s error=%s", path, error)
            continue
        for entry in shown:
            if entry.is_dir():
                if entry.name not in _SKIPPED:
                    waiting.append(entry.path)
            elif PurePath(entry.name).suffix.lower() in SUFFIXES:
                yield from _file(entry)


def _file(entry: os.DirEntry[str]) -> Iterator[PictureFile]:
    try:
        state = entry.stat()
        path = PurePath(entry.path).as_posix()
        path.encode()
    except (OSError, UnicodeEncodeError):  # a link to nothing; a name that is no text
        return
    if stat.S_ISREG(state.st_mode):
        yield PictureFile(path, state.st_size, state.st_mtime_ns)
