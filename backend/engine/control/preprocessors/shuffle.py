"""The picture's colours in another order."""

import hashlib

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_CELL = 256
"""Pixels between two places that are moved independently of each other."""


@preprocessor(
    PreprocessorInfo(
        id="shuffle",
        label="Shuffle",
        help="The picture's colours and textures in flowing disorder, for another in its style.",
        makes=ControlType.SHUFFLE,
        usual=True,
    )
)
def shuffle(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Each pixel from a place that wanders slowly over the picture; the same picture, the same.

    Source: the content shuffle of ControlNet 1.1, which learned from pictures moved by a smooth
    random field.
    """
    del settings  # it has none
    pixels = np.asarray(picture)
    height, width = pixels.shape[:2]
    content = hashlib.sha256(pixels.tobytes()).digest()
    chance = np.random.default_rng(int.from_bytes(content[:8], "big"))
    x = _wandering(chance, width, height) * (width - 1)
    y = _wandering(chance, width, height) * (height - 1)
    moved = cv2.remap(pixels, x, y, cv2.INTER_LINEAR)
    return Image.fromarray(np.asarray(moved, np.uint8).reshape(height, width, 3))


def _wandering(chance: np.random.Generator, width: int, height: int) -> Numbers:
    """Smooth values that reach from 0 to 1, shape (height, width)."""
    columns, rows = width // _CELL + 3, height // _CELL + 3
    coarse = chance.random((rows, columns), np.float32)
    smooth = np.asarray(
        cv2.resize(coarse, (columns * _CELL, rows * _CELL), interpolation=cv2.INTER_CUBIC)
    )
    cut = smooth[_CELL : _CELL + height, _CELL : _CELL + width].astype(np.float32)
    low, high = cut.min(), cut.max()
    return (cut - low) / max(float(high - low), 1e-6)
