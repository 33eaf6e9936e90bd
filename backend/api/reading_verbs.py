"""What the doors need of Studio to read pictures that people bring."""

from pathlib import Path
from typing import IO, Protocol

from backend.schema.readings import PictureReading


class Readings(Protocol):
    """How pictures were made, whichever program made them."""

    def of_file(self, path: Path) -> PictureReading:
        """What a file on this machine tells."""
        ...

    def of_stream(self, content: IO[bytes], name: str) -> PictureReading:
        """What a picture tells that somebody sent."""
        ...

    def of_text(self, text: str) -> PictureReading | None:
        """What A1111's text tells; None where it is no such text."""
        ...
