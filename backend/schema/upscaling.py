"""Enlarging a picture: what a person asks for, and what is made of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import ValidationError

from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.fields import FieldSpec, Scalar, Setting, field_specs
from backend.schema.generation import out_of_range
from backend.schema.output_settings import FileSettings
from backend.schema.picture_settings import PromptSettings

LANCZOS = "lanczos"
"""The upscaler that needs no model."""
LANCZOS_LABEL = "Lanczos"
STARTER_UPSCALER = "starter"
"""The id of the one that ships with Easel."""
LEAST, MOST = 1.5, 8.0
MOST_PIXELS = 2**27
"""Of a result: about 134 million, which take 400 MB while they are made."""
LONGEST_SIDES = {"webp": 16_383, "jpeg": 65_535, "avif": 65_535}
"""What formats have room for, in pixels."""


class UpscaleRequest(Frozen):
    """Everything a person can ask; an empty (`None`) field means "choose for me"."""

    picture: Annotated[
        str,
        Setting(
            label="Picture",
            help="A picture of the gallery or one handed in, by its id; for the owner also a file.",
            short_name="picture",
        ),
    ] = ""
    factor: Annotated[
        float,
        Setting(
            label="Factor",
            help="How many times as wide and as high the result is.",
            minimum=LEAST,
            maximum=MOST,
            step=0.5,
            short_name="factor",
            infotext="Upscale by",
        ),
    ] = 2.0
    upscaler: Annotated[
        str | None,
        Setting(
            label="Upscaler",
            help="A model in models/upscale_models by its name, starter, or lanczos for none.",
            short_name="upscaler",
            infotext="Upscaler",
        ),
    ] = None
    output: FileSettings = FileSettings()

    @classmethod
    def from_short_names(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from flat names, as CLI flags and API arguments use them.

        Raises:
            RequestError: When a name is unknown.
            OutOfRangeError: When a value is outside its range; names the field in words.
        """
        ids = {spec.setting.short_name: spec.id for spec in UPSCALE_FIELDS}
        for name in values:
            if name not in ids:
                known = ", ".join(sorted(ids))
                raise RequestError(f"There is no setting called “{name}”.", f"There are: {known}.")
        given: dict[str, object] = {}
        output: dict[str, Scalar] = {}
        for name, value in values.items():
            group, _, field = ids[name].rpartition(".")
            if value is not None and value != "":
                (output if group else given)[field] = value
        try:
            return cls.model_validate({**given, "output": output})
        except ValidationError as error:
            raise out_of_range(error, UPSCALE_FIELDS) from error


UPSCALE_FIELDS: tuple[FieldSpec, ...] = field_specs(UpscaleRequest)


class ResolvedUpscaler(Frozen):
    """A model that enlarges, found in the library."""

    id: str
    """The library's id."""
    name: str
    path: str


class ResolvedUpscaling(Frozen):
    """A request with every choice made, as the job holds it.

    It tells of its picture what a request that draws tells of its own: prompt, seed, how many.
    """

    version: Literal[1] = 1
    path: str
    """The picture's file."""
    name: str
    """What the picture is called in sentences and metadata."""
    prompt: PromptSettings = PromptSettings()
    """What the picture shows, where that is known."""
    seed: int = 0
    """Of the picture, where that is known."""
    factor: float
    upscaler: ResolvedUpscaler | None = None
    """None for Lanczos."""
    output: FileSettings = FileSettings()

    @property
    def pictures(self) -> int:
        """One."""
        return 1

    @property
    def batch_size(self) -> int:
        """One."""
        return 1

    @property
    def in_order(self) -> Sequence[int]:
        """Its place."""
        return range(1)

    @property
    def upscaler_name(self) -> str:
        """What enlarges, as metadata names it."""
        return self.upscaler.name if self.upscaler else LANCZOS_LABEL

    def prompt_of(self, index: int) -> PromptSettings:
        """What the picture shows."""
        del index  # there is one
        return self.prompt

    def seed_of(self, index: int) -> int:
        """The seed of the picture."""
        del index
        return self.seed


class UpscalerHere(Frozen):
    """A model of this machine that enlarges."""

    model: ResolvedUpscaler
    about: str = ""
    """Its architecture, or what it is good for."""


class UpscalerInfo(Frozen):
    """An upscaler that can be chosen."""

    id: str
    """The library's id, or `lanczos`."""
    label: str
    about: str = ""
    """Its architecture, or what it is good for."""


class UpscalerOffers(Frozen):
    """What can enlarge a picture, and what does where nobody chooses."""

    upscalers: tuple[UpscalerInfo, ...]
    usual: str
    """The id of the one that is taken for this picture."""


def enlarged_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """The pixels of the result, width and height."""
    return max(1, round(width * factor)), max(1, round(height * factor))


def require_room(name: str, width: int, height: int, factor: float, output: FileSettings) -> None:
    """Refuse a result that is too large, and say what fits.

    Args:
        name: What the picture is called.
        width: Of the picture, upright, in pixels.
        height: Of the picture.
        factor: How much larger it is to be.
        output: The file that it is to become.

    Raises:
        RequestError: When it is too large, or there is nothing to enlarge.
    """
    if width * height == 1:
        raise RequestError(
            f"“{name}” is a single pixel: there is nothing to enlarge.", "Choose another picture."
        )
    wide, high = enlarged_size(width, height, factor)
    longest = LONGEST_SIDES.get(output.format, MOST_PIXELS)
    if wide * high <= MOST_PIXELS and max(wide, high) <= longest:
        return
    by_area = (MOST_PIXELS / (width * height)) ** 0.5
    fits = min(by_area, longest / max(width, height))
    fits = int(fits * 10) / 10
    why = f"a {output.format.upper()} file holds {longest:,} pixels a side at most"
    if wide * high > MOST_PIXELS:
        why = f"Easel makes pictures of up to {MOST_PIXELS // 10**6} million pixels"
    raise RequestError(
        f"“{name}” has {width:,} × {height:,} pixels; {factor:g} times as large it would have "
        f"{wide:,} × {high:,}, and {why}.",
        f"It can be enlarged up to {fits:g} times."
        if fits >= LEAST
        else "It is large enough already: enlarge a part of it, or a smaller version.",
    )
