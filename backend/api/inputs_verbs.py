"""What the doors need of Studio to take pictures in."""

from pathlib import Path
from typing import IO, Protocol

from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor


class Inputs(Protocol):
    """Pictures that somebody hands in, and those that requests refer to."""

    def keep(self, actor: Actor, content: IO[bytes], name: str = "The picture") -> InputPicture:
        """Take a picture in, upright and in sRGB."""
        ...

    def about(self, actor: Actor, reference: str) -> InputPicture:
        """How large a picture is."""
        ...

    def file(self, actor: Actor, reference: str) -> Path:
        """The file of a picture that was handed in, or of the gallery."""
        ...

    def thumbnail(self, actor: Actor, reference: str) -> Path:
        """The file of its small version."""
        ...
