"""The picture out of focus."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_SIGMA = ParameterInfo(
    field="threshold_a",
    label="Sigma",
    help="How far it is blurred, in pixels of the map.",
    minimum=0.01,
    maximum=64,
    step=0.01,
    default=9,
)


@preprocessor(
    PreprocessorInfo(
        id="blur_gaussian",
        label="Blur",
        help="Colours and large shapes alone, for another picture of the same scene.",
        makes=ControlType.BLUR,
        aliases=("blur", "gaussian_blur"),
        parameters=(_SIGMA,),
        usual=True,
    )
)
def blur(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The picture behind a Gaussian."""
    blurred = cv2.GaussianBlur(np.asarray(picture), (0, 0), settings.threshold_a)
    return Image.fromarray(np.asarray(blurred, np.uint8))
