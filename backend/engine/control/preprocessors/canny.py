"""Outlines by Canny's detector."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_LOW = ParameterInfo(
    field="threshold_a",
    label="Low threshold",
    help="Weak edges count from here on where they continue strong ones.",
    minimum=1,
    maximum=255,
    step=1,
    default=100,
)
_HIGH = ParameterInfo(
    field="threshold_b",
    label="High threshold",
    help="Edges always count from here on; lower finds more.",
    minimum=1,
    maximum=255,
    step=1,
    default=200,
)


@preprocessor(
    PreprocessorInfo(
        id="canny",
        label="Canny",
        help="Hard outlines, for things with clear shapes.",
        makes=ControlType.CANNY,
        parameters=(_LOW, _HIGH),
        usual=True,
    )
)
def canny(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black.

    Source: Canny 1986, “A computational approach to edge detection”, by way of OpenCV.
    """
    edges = cv2.Canny(np.asarray(picture), settings.threshold_a, settings.threshold_b)
    return Image.fromarray(edges).convert("RGB")
