"""The picture itself, with less detail."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_RATE = ParameterInfo(
    field="threshold_a",
    label="Shrinking",
    help="How many times smaller it becomes before it is enlarged again; 1 leaves it as it is.",
    minimum=1,
    maximum=8,
    step=0.1,
    default=1,
)


@preprocessor(
    PreprocessorInfo(
        id="tile_resample",
        label="Tile",
        help="The picture with its detail taken away, to be drawn anew: for larger pictures.",
        makes=ControlType.TILE,
        aliases=("tile",),
        parameters=(_RATE,),
        usual=True,
    )
)
def tile(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The picture shrunk and enlarged again."""
    width, height = (max(1, round(side / settings.threshold_a)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.BICUBIC)
