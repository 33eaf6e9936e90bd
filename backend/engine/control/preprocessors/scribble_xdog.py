"""Scribbles along edges, by a difference of Gaussians."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_map
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_LIMIT = ParameterInfo(
    field="threshold_a",
    label="Threshold",
    help="How much darker than its surroundings a line has to be; less draws more.",
    minimum=1,
    maximum=64,
    step=1,
    default=32,
)
_FINE, _COARSE = 0.5, 5.0
"""Pixels that a line and its surroundings reach."""


@preprocessor(
    PreprocessorInfo(
        id="scribble_xdog",
        label="Scribble from edges (XDoG)",
        help="Bold strokes where the picture is dark on light, as if drawn with a felt pen.",
        makes=ControlType.SCRIBBLE,
        parameters=(_LIMIT,),
        usual=True,
    )
)
def scribble_xdog(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White strokes on black.

    Source: Winnemöller 2011, “XDoG: advanced image stylization with eXtended Difference-of-
    Gaussians”, in the simple form that ControlNet's scribbles have.
    """
    pixels = np.asarray(picture, np.float32)
    surroundings = np.asarray(cv2.GaussianBlur(pixels, (0, 0), _COARSE))
    darker = (surroundings - np.asarray(cv2.GaussianBlur(pixels, (0, 0), _FINE))).min(2)
    return as_map(np.asarray(2 * darker > settings.threshold_a, np.float32), picture.size)
