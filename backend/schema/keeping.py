"""What a person does with the models that are here: marks, the bin, copies, what they made."""

from typing import Literal

from backend.schema.base import Frozen
from backend.schema.jobs import PictureView

LONGEST_TAG = 60
MOST_TAGS = 50


class Mark(Frozen):
    """What a person said of a model."""

    favourite: bool = False
    tags: tuple[str, ...] = ()
    """In the order in which they were given, none twice."""


class Binned(Frozen):
    """A model that was deleted, and how it can come back."""

    id: str = ""
    """Of the folder in Easel's own bin; empty where the system's bin has it."""
    name: str
    path: str
    """Where it was."""
    bytes: int
    deleted: float
    """Seconds since the epoch."""

    @property
    def sentence(self) -> str:
        """Where it is now."""
        if self.id:
            return f"“{self.name}” is in Easel's bin, since this system has none for its folder."
        return f"“{self.name}” is in the system's bin."


class Copies(Frozen):
    """Models that are the same several times."""

    ids: tuple[str, ...]
    """By the library; two or more."""
    same: Literal["file", "numbers"]
    """Whether all bytes are the same, or only what comes after headers that differ."""
    bytes: int
    """What the copies take beside one of them."""


class Used(Frozen):
    """The pictures that were made with a model."""

    pictures: int
    newest: tuple[PictureView, ...] = ()
    """Newest first."""
