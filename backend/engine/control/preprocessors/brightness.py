"""The picture in greys."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo


@preprocessor(
    PreprocessorInfo(
        id="brightness",
        label="Brightness",
        help="Where it is light and where it is dark, for hidden shapes and light of your choice.",
        makes=ControlType.BRIGHTNESS,
        aliases=("grayscale", "image_luminance"),
        usual=True,
    )
)
def brightness(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Grey, as bright as the picture."""
    del settings  # it has none
    return picture.convert("L").convert("RGB")
