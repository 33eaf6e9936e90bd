"""What the parts of each family take beside their weights: tables that the engine generated.

`python -m backend.engine.memory.tables` writes `tables.json` anew; tests prove it current.
"""

from bisect import bisect_left
from functools import cache
from importlib.resources import files
from typing import Literal

from backend.schema.base import Frozen
from backend.schema.models import Role

STARTER = "starter"
PUBLISHED = "published"
_ALIKE = 0.02
"""Networks whose numbers of parameters differ by less are of one form: LCM's, inpainting ones."""


class Curve(Frozen):
    """Bytes by the latent pixels of one row: straight lines between points, and beyond them."""

    points: tuple[tuple[int, int], ...]
    """Pixels and bytes, ascending; one point where pixels make no difference."""

    def at(self, pixels: int) -> int:
        """The bytes for so many pixels."""
        points = self.points
        if len(points) == 1:
            return points[0][1]
        place = bisect_left(points, (pixels, 0), 1, len(points) - 1)
        (left, low), (right, high) = points[place - 1], points[place]
        return max(0, low + (high - low) * (pixels - left) // (right - left))


class WholeTable(Frozen):
    """What an autoencoder keeps whole where it decodes in tiles: its first layers."""

    features: int
    """Numbers for each latent, which all tiles are cut from."""
    half: Curve
    """Activations of the first layers, where numbers take two bytes."""
    full: Curve
    processor: Curve


class PartTable(Frozen):
    """One part of a family in a published size; all but `operations` counts numbers or bytes."""

    role: Role
    precision: Literal["fp32", "fp16", "bf16"]
    """What accelerators compute it in; processors compute in fp32."""
    parameters: int
    """The numbers that its file holds."""
    castable: int
    """Those that may be kept in eight bits."""
    outside: int
    """Those in no block: always on the device while it works."""
    block: int
    """Those of the largest block."""
    two_blocks: int
    """Those of the largest two blocks in a row: one at work, one on its way."""
    layer: int
    """Those of the largest layer."""
    half: Curve
    """Activations where numbers take two bytes."""
    full: Curve
    """The same for four bytes."""
    processor: Curve
    """The same with what a processor's kernels hold while they work; it computes in four bytes.
    Most of this is one copy of weights, so rows are not multiples of it."""
    operations: tuple[float, float, float]
    """How many a row takes: the factors of 1, pixels and pixels²."""
    whole: WholeTable | None = None
    """Of an autoencoder."""

    def operations_at(self, pixels: int) -> float:
        """How many multiplications and additions one row takes."""
        return _polynomial(self.operations, pixels)

    def tiled_operations(self, pixels: int, decoded: int) -> float:
        """How many decoding in tiles takes.

        Args:
            pixels: Latents of the whole picture, whose attention is not cut.
            decoded: Latents of all tiles together.
        """
        constant, linear, square = self.operations
        return constant + decoded * linear + pixels**2 * square


class ControlTable(Frozen):
    """The ControlNets of a family in a published size, whose maps were read before."""

    parameters: int
    handed: int
    """Numbers for each latent that one hands to the network that it steers."""
    half: Curve
    """Activations where numbers take two bytes, with what is handed over."""
    full: Curve
    """The same for four bytes."""
    processor: Curve
    """The same with what a processor's kernels hold while they work."""
    operations: tuple[float, float, float]
    """How many a row takes: the factors of 1, pixels and pixels²."""

    def operations_at(self, pixels: int) -> float:
        """How many multiplications and additions one row takes."""
        return _polynomial(self.operations, pixels)


class FamilyTable(Frozen):
    """The parts of one family, in the order in which they work."""

    family: str
    name: str
    """`published`, or `starter` for the model that ships with Easel."""
    parts: tuple[PartTable, ...]
    control: ControlTable | None = None
    """What steers its network; None where nothing does."""

    def part(self, role: Role) -> PartTable | None:
        """The part that does this; None where the family has none."""
        return next((part for part in self.parts if part.role == role), None)


class Tables(Frozen):
    """All families."""

    families: tuple[FamilyTable, ...]

    def find(self, family: str, network_parameters: int) -> FamilyTable | None:
        """The table for a network; None for an unknown family.

        A network of an unknown size counts as the published one, which is the largest.

        Args:
            family: The family's id.
            network_parameters: How many numbers the denoising network has.
        """
        there = [table for table in self.families if table.family == family]
        for table in there:
            network = table.part("diffusion_model")
            size = network.parameters if network else 0
            if abs(size - network_parameters) <= _ALIKE * size:
                return table
        return next((table for table in there if table.name == PUBLISHED), None)


def _polynomial(factors: tuple[float, float, float], pixels: int) -> float:
    constant, linear, square = factors
    return constant + pixels * (linear + pixels * square)


@cache
def load_tables() -> Tables:
    """The tables of this version."""
    text = files("backend.memory").joinpath("tables.json").read_text(encoding="utf-8")
    return Tables.model_validate_json(text)
