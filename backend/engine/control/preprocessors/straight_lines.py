"""Straight lines, found without a network."""

from typing import cast

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Bytes, Numbers
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_LENGTH = ParameterInfo(
    field="threshold_a",
    label="Shortest line",
    help="In per cent of the map's shorter side; shorter lines are left out.",
    minimum=0.5,
    maximum=50,
    step=0.5,
    default=6,
)
_SMALLEST = 8
"""Pixels along a side; less has no lines to speak of."""


@preprocessor(
    PreprocessorInfo(
        id="lines_lsd",
        label="Straight lines (no download)",
        help="Straight lines alone, for rooms and buildings; M-LSD passes over more clutter.",
        makes=ControlType.STRAIGHT_LINES,
        aliases=("lsd",),
        parameters=(_LENGTH,),
        stands_in=True,
    )
)
def straight_lines(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black.

    Source: Grompone von Gioi et al. 2010, “LSD: a fast line segment detector”, by way of OpenCV.
    """
    canvas = np.zeros((picture.height, picture.width), np.uint8)
    shortest = settings.threshold_a / 100 * min(picture.size)
    for x, y, to_x, to_y in _lines(np.asarray(picture.convert("L"))):
        if np.hypot(to_x - x, to_y - y) >= shortest:
            cv2.line(canvas, (round(x), round(y)), (round(to_x), round(to_y)), 255, 1)
    return Image.fromarray(canvas).convert("RGB")


def _lines(grey: Bytes) -> list[list[float]]:
    """Each line's beginning and end: x, y, x, y."""
    if min(grey.shape) < _SMALLEST:
        return []
    found = cast("Numbers | None", cv2.createLineSegmentDetector().detect(grey)[0])
    return [] if found is None else found.reshape(-1, 4).tolist()
