"""Black and white by brightness."""

from PIL import Image, ImageChops

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_LIMIT = ParameterInfo(
    field="threshold_a",
    label="Threshold",
    help="What is brighter in every colour becomes white, the rest black.",
    minimum=0,
    maximum=255,
    step=1,
    default=127,
)


@preprocessor(
    PreprocessorInfo(
        id="threshold",
        label="Threshold",
        help="Black and white, for signs, silhouettes and QR codes.",
        makes=ControlType.BRIGHTNESS,
        aliases=("binary",),
        parameters=(_LIMIT,),
    )
)
def threshold(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White where the darkest of the three colours is above the limit."""
    red, green, blue = picture.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    steps = [255 * (value > settings.threshold_a) for value in range(256)]
    return darkest.point(steps).convert("RGB")
