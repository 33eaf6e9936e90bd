"""Dark and light exchanged."""

from PIL import Image, ImageChops

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo


@preprocessor(
    PreprocessorInfo(
        id="invert",
        label="Invert",
        help="For a drawing with dark lines on white: maps of lines are white on black.",
        makes=ControlType.LINE_ART,
        aliases=("invert (from white bg & black line)",),
    )
)
def invert(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The negative."""
    del settings  # it has none
    return ImageChops.invert(picture)
