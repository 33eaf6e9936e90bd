"""What learning takes beside the weights of each family: tables that the engine generated.

`python -m backend.engine.memory.learning_tables` writes `learning.json` anew; a test proves it
current.
"""

from functools import cache
from importlib.resources import files
from typing import Literal

from backend.memory.tables import PUBLISHED, Curve, FamilyTable
from backend.schema.base import Frozen
from backend.schema.training_network import Layers

Width = Literal["half", "full"]


class LearningTable(Frozen):
    """What it takes to teach some layers of one network; bytes of one picture."""

    family: str
    name: str
    """As in `FamilyTable`."""
    layers: Layers
    shapes: tuple[tuple[int, int, int], ...]
    """Of the layers that learn: numbers that leave, numbers that enter, and how many are alike."""
    half: Curve
    """What is kept for the gradients, where numbers take two bytes."""
    full: Curve
    half_twice: Curve
    """The same where each block works twice."""
    full_twice: Curve
    operations: tuple[float, float]
    """Of a step, for each of drawing; and where each block works twice."""

    def activations(self, pixels: int, width: Width, *, twice: bool) -> int:
        """What is kept of one picture.

        Args:
            pixels: Its latents.
            width: Of a number.
            twice: Whether each block works twice.
        """
        once = self.half if width == "half" else self.full
        again = self.half_twice if width == "half" else self.full_twice
        return (again if twice else once).at(pixels)

    def numbers(self, rank: int) -> int:
        """How many numbers learn; a layer that is narrower than the rank has fewer."""
        return sum(min(rank, out, into) * (out + into) * count for out, into, count in self.shapes)

    @property
    def paths(self) -> int:
        """How many layers learn."""
        return sum(count for *_, count in self.shapes)


class LearningTables(Frozen):
    """All families that can be taught."""

    tables: tuple[LearningTable, ...]

    def find(self, family: FamilyTable, layers: Layers) -> LearningTable | None:
        """The table for some layers of a family's network; None where it cannot be taught."""
        there = [t for t in self.tables if t.family == family.family and t.layers == layers]
        same = (table for table in there if table.name == family.name)
        return next(same, next((table for table in there if table.name == PUBLISHED), None))


@cache
def load_learning_tables() -> LearningTables:
    """The tables of this version."""
    text = files("backend.memory").joinpath("learning.json").read_text(encoding="utf-8")
    return LearningTables.model_validate_json(text)
