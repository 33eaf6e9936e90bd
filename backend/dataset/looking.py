"""What the pixels of a picture tell of its use for learning: how sharp it is, and what like."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.metadata.opening import open_picture

_SIDE = 512
_HASHED = (9, 8)


@dataclass(frozen=True)
class Look:
    """A picture at a glance."""

    sharpness: float
    """The steepest edges' step from one pixel to the next, as a share of all contrast: a blur of
    3 pixels leaves 0.13 of an edge."""
    likeness: int
    """64 bits, of which few differ between pictures that are alike."""


def look_at(path: Path) -> Look:
    """Look at a picture, no side of which is taken for more than 512 pixels long.

    Raises:
        NotFoundError: When there is no such file.
        RequestError: When it is no whole picture.

    Source: for the likeness, Neal Krawetz's difference hash, 2013.
    """
    grey = open_picture(path).pixels.convert("L")
    small = grey.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    tiny = np.asarray(grey.resize(_HASHED, Image.Resampling.LANCZOS), dtype=np.int16)
    rising = (tiny[:, 1:] > tiny[:, :-1]).flatten()
    likeness = int("".join("1" if each else "0" for each in rising), 2)
    return Look(_sharpness(np.asarray(small, dtype=np.float32)), likeness)


def differing(one: Look, other: Look) -> int:
    """In how many of 64 ways two pictures differ."""
    return (one.likeness ^ other.likeness).bit_count()


def _sharpness(grey: NDArray[np.float32]) -> float:
    low, high = np.percentile(grey, (0.5, 99.5))
    if min(grey.shape) == 1 or high - low < 1:
        return 0.0
    steps = np.maximum(np.abs(np.diff(grey, axis=0))[:, 1:], np.abs(np.diff(grey, axis=1))[1:])
    return float(np.percentile(steps, 99.9) / (high - low))
