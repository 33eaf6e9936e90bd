"""Lines of a drawing, by what is darker than its surroundings."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_map
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_REACH = 6.0
"""Pixels of surroundings."""
_FAINT, _LEAST = 8, 16
"""Differences from here on are lines; the usual line differs by at least so much."""


@preprocessor(
    PreprocessorInfo(
        id="lineart_standard",
        label="Line art (of drawings)",
        help="The lines of a drawing with dark lines on white, white on black and even.",
        makes=ControlType.LINE_ART,
        aliases=("lineart_standard (from white bg & black line)",),
        stands_in=True,
    )
)
def lineart_standard(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black; the usual line becomes a middle grey, darker ones brighter."""
    del settings  # it has none
    pixels = np.asarray(picture, np.float32)
    darker = np.asarray(cv2.GaussianBlur(pixels, (0, 0), _REACH)) - pixels
    lines = darker.min(2).clip(0, 255)
    seen = lines[lines > _FAINT]
    usual = max(_LEAST, float(np.median(seen))) if seen.size else _LEAST
    return as_map((lines / usual / 2).clip(0, 1).astype(np.float32), picture.size)
