"""How much a set-up downloads and keeps, and whether the disk holds it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.setup.builds import STANDARD
from backend.setup.errors import SetupError
from backend.setup.terminal import size_in_words

GB = 10**9
SPARE = GB // 2


@dataclass(frozen=True)
class Size:
    """Bytes to download, and bytes that stay."""

    download: int
    disk: int


LINUX_STANDARD = Size(int(3.2 * GB), int(6.2 * GB))
SMALL = Size(int(0.5 * GB), int(2.0 * GB))
SIZES = {
    "cpu": Size(int(0.6 * GB), int(2.2 * GB)),
    "cu": Size(int(3.2 * GB), int(6.5 * GB)),
    "rocm": Size(5 * GB, 18 * GB),
}
"""Measured for the standard and CPU builds on Linux, told by the indexes for the others."""
TEST_TOOLS = Size(int(0.2 * GB), int(0.6 * GB))


def size_of(tag: str, system: str, *, tests: bool = False) -> Size:
    """What a fresh environment with a build of PyTorch takes."""
    if tag == STANDARD:
        size = LINUX_STANDARD if system == "Linux" else SMALL
    else:
        size = SIZES[tag.rstrip("0123456789.")]
    more = TEST_TOOLS if tests else Size(0, 0)
    return Size(size.download + more.download, size.disk + more.disk)


def free_bytes(place: Path) -> int:
    """Free bytes on the disk of a place that need not exist yet."""
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def cache_fits(folder: Path, size: Size, free: Callable[[Path], int] = free_bytes) -> bool:
    """Whether the downloads can be kept for next time as well.

    Raises:
        SetupError: When the disk does not even hold the set-up itself.
    """
    needed = size.download + size.disk + SPARE
    left = free(folder)
    if left < needed:
        raise SetupError(
            f"There is not enough disk space: Easel needs about {size_in_words(needed)} for its "
            f"set-up in {folder.parent}, and {size_in_words(left)} are free.",
            "Make room, or move Easel to a larger disk, and start it again.",
        )
    home = Path(os.environ.get("PIP_CACHE_DIR", Path.home()))
    together = left if _same_disk(home, folder) else free(home)
    return together >= size.download + (needed if _same_disk(home, folder) else 0)


def _same_disk(one: Path, other: Path) -> bool:
    return _device(one) == _device(other)


def _device(place: Path) -> int:
    while not place.exists():
        place = place.parent
    return place.stat().st_dev
