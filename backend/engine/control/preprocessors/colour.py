"""Patches of colour."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_PATCH = 64
"""Pixels along a patch, as T2I-Adapter's colour model learned."""


@preprocessor(
    PreprocessorInfo(
        id="t2ia_color_grid",
        label="Colour patches",
        help="What colour is where, and nothing else: for T2I-Adapter's colour model.",
        makes=ControlType.COLOUR,
        aliases=("color", "colour"),
        usual=True,
    )
)
def colour(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Squares of 64 pixels, each of its own colour.

    Source: Mou et al. 2023, “T2I-Adapter”.
    """
    del settings  # it has none
    width, height = (max(1, side // _PATCH) for side in picture.size)
    patches = picture.resize((width, height), Image.Resampling.BICUBIC)
    return patches.resize(picture.size, Image.Resampling.NEAREST)
