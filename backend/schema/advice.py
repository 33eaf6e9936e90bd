"""What is told of settings that disappoint: a sentence, and the change that does what it says."""

from backend.schema.base import Frozen
from backend.schema.events import Remedy


class Advice(Frozen):
    """Something that a person should know of the settings of a picture."""

    sentence: str
    remedy: Remedy | None = None
    """What sets it right with a click; None where only the person can."""


class Ladder(Frozen):
    """What helps against one disappointment, in the order in which to try it."""

    id: str
    label: str
    """What is wrong with the picture, as its maker would say it."""
    rungs: tuple[Advice, ...]
