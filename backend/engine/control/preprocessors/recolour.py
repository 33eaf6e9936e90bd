"""Greys that a model learned to give colours."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_GAMMA = ParameterInfo(
    field="threshold_a",
    label="Gamma",
    help="Above 1 darkens the middle greys, below brightens them.",
    minimum=0.1,
    maximum=2,
    step=0.01,
    default=1,
)


@preprocessor(
    PreprocessorInfo(
        id="recolor_luminance",
        label="Recolour (luminance)",
        help="The picture in greys as eyes see them, to be given other colours.",
        makes=ControlType.RECOLOUR,
        aliases=("recolor", "recolor_luminance_only"),
        parameters=(_GAMMA,),
        usual=True,
    )
)
def recolour_luminance(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The lightness of CIE L*a*b*."""
    lab = cv2.cvtColor(np.asarray(picture, np.float32) / 255, cv2.COLOR_RGB2LAB)
    return _grey(np.asarray(lab, np.float32)[:, :, 0] / np.float32(100), picture.size, settings)


@preprocessor(
    PreprocessorInfo(
        id="recolor_intensity",
        label="Recolour (intensity)",
        help="Greys by the strongest of the three colours: brighter where colours are strong.",
        makes=ControlType.RECOLOUR,
        parameters=(_GAMMA,),
    )
)
def recolour_intensity(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The value of HSV."""
    return _grey(np.asarray(picture, np.float32).max(2) / 255, picture.size, settings)


def _grey(values: Numbers, size: tuple[int, int], settings: MapSettings) -> Image.Image:
    """Values from 0 to 1, shape (height, width), as a map."""
    return as_map(np.asarray(values.clip(0, 1) ** settings.threshold_a, np.float32), size)
