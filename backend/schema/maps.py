"""Maps that steer drawings: asking for one, what can make one, and those that are kept by name."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationError

from backend.schema.base import Frozen
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo, WeightsInfo
from backend.schema.errors import RequestError
from backend.schema.fields import FieldSpec, Scalar, Setting, field_specs
from backend.schema.generation import out_of_range

SMALLEST, LARGEST = 64, 2048
"""What the shorter side of a map may have, in pixels."""
LONGEST_NAME = 100


class MapWish(Frozen):
    """A map that somebody asks for; an empty (`None`) field means "choose for me"."""

    picture: Annotated[
        str,
        Setting(
            label="Picture",
            help="A picture of the gallery or one handed in, by its id; for the owner also a file.",
            short_name="picture",
        ),
    ] = ""
    preprocessor: Annotated[
        str,
        Setting(
            label="Preprocessor",
            help="What makes the map, such as canny, or another program's name for it.",
            short_name="preprocessor",
        ),
    ] = "canny"
    resolution: Annotated[
        int | None,
        Setting(
            label="Resolution",
            help="Pixels along the map's shorter side. Empty means the picture's, 1024 at most.",
            minimum=SMALLEST,
            maximum=LARGEST,
            short_name="resolution",
        ),
    ] = None
    threshold_a: Annotated[
        float | None,
        Setting(
            label="First parameter",
            help="What the preprocessor names it, such as canny's low threshold.",
            short_name="threshold_a",
        ),
    ] = None
    threshold_b: Annotated[
        float | None,
        Setting(
            label="Second parameter",
            help="What the preprocessor names it, such as canny's high threshold.",
            short_name="threshold_b",
        ),
    ] = None
    mask: Annotated[
        str | None,
        Setting(
            label="Mask",
            help="For inpaint: white is what is painted anew. Named as the picture is.",
            short_name="mask",
        ),
    ] = None

    @classmethod
    def from_short_names(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a wish from flat names, as CLI flags and API arguments use them.

        Raises:
            RequestError: When a name is unknown.
            OutOfRangeError: When a value is outside its range; names the field in words.
        """
        known = {spec.setting.short_name for spec in MAP_FIELDS}
        for name in values:
            if name not in known:
                there = ", ".join(sorted(known))
                raise RequestError(f"There is no setting called “{name}”.", f"There are: {there}.")
        given = {name: value for name, value in values.items() if value not in (None, "")}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise out_of_range(error, MAP_FIELDS) from error


MAP_FIELDS: tuple[FieldSpec, ...] = field_specs(MapWish)


class PreprocessorOffer(Frozen):
    """A preprocessor, and whether it can work here."""

    info: PreprocessorInfo
    missing: tuple[WeightsInfo, ...] = ()
    """The files that it needs and that are not here."""


class MapOffers(Frozen):
    """What makes maps here."""

    preprocessors: tuple[PreprocessorOffer, ...]


MapName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")]


class NewSavedMap(Frozen):
    """A map that somebody wants to keep."""

    picture: str
    """Its id as a handed-in picture, or that of a picture of the gallery."""
    name: MapName
    preprocessor: str = ""
    """What made it; empty where nobody knows."""
    makes: ControlType | None = None
    """What it shows; None for what its preprocessor makes."""


class SavedMap(Frozen):
    """A map that is kept until somebody removes it."""

    id: str
    name: str
    preprocessor: str = ""
    """What made it; empty where nobody knows."""
    makes: ControlType | None = None
    """What it shows, where that is known."""
    width: int
    """In pixels."""
    height: int
    created: float
    """Seconds since the epoch."""
