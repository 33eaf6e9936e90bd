"""What the doors need of Studio to read pictures, and to make them again."""

from pathlib import Path
from typing import IO, Protocol

from backend.schema.jobs import Actor
from backend.schema.readings import Comparison, PictureReading, Remaking


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


class Reproducing(Protocol):
    """Making pictures again from their own metadata."""

    def start(self, actor: Actor, picture_id: str) -> Remaking:
        """Queue a picture once more, just as its file says."""
        ...

    def compare(self, actor: Actor, picture_id: str, made_again: str) -> Comparison:
        """A picture beside the one that was made from it."""
        ...
