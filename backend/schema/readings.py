"""What a picture's file told of how it was made, whichever program made it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest

ModelUse = Literal[
    "checkpoint", "refiner", "vae", "text encoder", "LoRA", "embedding", "ControlNet", "upscaler"
]
"""What a model was for, in words."""


class NamedModel(Frozen):
    """A model that a file names."""

    use: ModelUse
    name: str
    """As the file has it, without folders and endings."""
    hash: str = ""
    """Hexadecimal digits, however the program counts them; empty where the file tells none."""
    weight: str = ""
    """How strongly it was used, in words."""


class FoundModel(NamedModel):
    """A model that a file names, looked for in the library."""

    installed: str = ""
    """The library's id of it; empty where it is not here."""
    by_hash: bool = False
    """Whether it is the very same file; else it has the same name."""


class Reading(Frozen):
    """What a file told."""

    program: str
    """Who made the picture, such as “ComfyUI”."""
    fields: Mapping[str, Scalar] = Field(default_factory=dict[str, Scalar])
    """What Easel can use, by dotted id; what the file does not tell is not there."""
    text: str = ""
    """The settings as they stand in the file."""
    models: tuple[NamedModel, ...] = ()
    unused: tuple[str, ...] = ()
    """What Easel cannot use or takes in another way, a line for a person each."""

    @property
    def request(self) -> GenerationRequest:
        """The request that it describes, as far as Easel can say it."""
        return GenerationRequest.from_fields(self.fields)


class PictureReading(Frozen):
    """What a picture's file told, and what of it is here."""

    program: str
    width: int
    height: int
    """Pixels of the picture itself; 0 both for a text alone."""
    fields: Mapping[str, Scalar] = Field(default_factory=dict[str, Scalar])
    """As in `Reading`; models that are here by the library's ids."""
    text: str = ""
    models: tuple[FoundModel, ...] = ()
    unused: tuple[str, ...] = ()


class Remaking(Frozen):
    """A picture that is made again from what its file tells."""

    job: str
    picture: str
    """The id that it will have."""


class Comparison(Frozen):
    """Two pictures, pixel by pixel."""

    identical: bool
    pixels: int
    """How many there are; 0 where the pictures are of different sizes."""
    differing: int
    """How many of them are not the same."""
    largest: int
    """The largest difference of a colour, of 255."""
    mean: float
    """The mean difference of all colours, of 255."""
    sentence: str
    reasons: tuple[str, ...] = ()
    """What was not the same when they were made, a sentence each."""
