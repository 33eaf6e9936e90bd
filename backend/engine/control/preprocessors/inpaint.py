"""The picture with a hole where it is to be painted."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_HALF = 127


@preprocessor(
    PreprocessorInfo(
        id="inpaint_only",
        label="Inpaint",
        help="The picture without what the mask covers, for painting that from its surroundings.",
        makes=ControlType.INPAINT,
        aliases=("inpaint", "inpaint_global_harmonious"),
        usual=True,
    )
)
def inpaint(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Black where the mask is white; the whole picture without a mask.

    A drawing that is inpainted has a mask of its own, which models are told beside the map.
    """
    if settings.mask is None:
        return picture
    hole = settings.mask.point([255 * (value > _HALF) for value in range(256)])
    return Image.composite(Image.new("RGB", picture.size), picture, hole)
