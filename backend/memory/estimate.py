"""The bytes that the parts of a model take on a device, from headers and tables."""

from dataclasses import dataclass

from backend.memory.tables import ControlTable, PartTable, Tables
from backend.memory.tiles import CANVAS
from backend.schema.errors import ModelError
from backend.schema.memory import DeviceKind, Storage, Workload
from backend.schema.memory_settings import Placement
from backend.schema.models import PartFacts

MIB, GIB = 2**20, 2**30
CONTEXT: dict[DeviceKind, int] = {"cuda": 600 * MIB, "mps": 900 * MIB, "cpu": 900 * MIB}
"""What the driver and the libraries hold, or, where memory is shared, the engine's process."""
PROCESS = 2 * GIB
"""What the engine's process takes of the machine's memory beside a graphics card's."""
WORKSPACE = 0.1
"""The room that convolutions need to work in, and what the allocator cannot use, as a share of
activations."""
TILES = (64, 32)
"""Latents along a side of what may be decoded at once where the whole is too much."""
READERS = ("clip_l", "clip_g", "clip_h", "t5xxl")
SCALE = 8
"""Pixels along a side of a latent, in all families."""
_HALF = 2
_NARROW = 0.95
"""A file counts as narrower only where it holds less than this share of the full bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a model on a device."""

    facts: PartFacts
    table: PartTable
    width: int
    """Bytes of a number that it computes with: 2 or 4."""
    on_processor: bool

    @classmethod
    def on(cls, device: DeviceKind, facts: PartFacts, table: PartTable) -> "Part":
        """The part, computing as it does on this kind of device."""
        return cls(facts, table, width_on(device, table.precision), device == "cpu")

    @property
    def storages(self) -> tuple[Storage, ...]:
        """The ways to keep its weights, each in fewer bytes than the one before."""
        found: list[Storage] = ["full"]
        if self.weights("stored") < _NARROW * self.weights("full"):
            found.append("stored")
        if self.weights("fp8") < _NARROW * self.weights(found[-1]):
            found.append("fp8")
        return tuple(found)

    def weights(self, storage: Storage) -> int:
        """The bytes of all weights."""
        if storage == "stored":
            return self.facts.bytes
        if storage == "full":
            return self.facts.parameters * self.width
        castable = self.facts.parameters * self.table.castable // self.table.parameters
        return castable + (self.facts.parameters - castable) * self.width

    def at_work(self, storage: Storage, placement: Placement, *, ahead: bool) -> int:
        """The bytes of weights on the device while it works.

        Args:
            storage: How they are kept.
            placement: Where they lie.
            ahead: Whether the next block comes while one works.
        """
        weights, table = self.weights(storage), self.table
        numbers = table.parameters
        if placement == "group":
            numbers = table.outside + (table.two_blocks if ahead else table.block)
        elif placement == "leaf":
            numbers = table.layer
        widened = 0 if storage == "full" else table.layer * self.width
        return weights * min(numbers, table.parameters) // table.parameters + widened

    def first_block(self, storage: Storage) -> int:
        """The bytes that must be on the device before it can begin, in blocks."""
        return self.weights(storage) * self.table.block // self.table.parameters

    def activations(self, pixels: int, rows: int = 1) -> int:
        """The bytes of activations.

        Args:
            pixels: Latents of one row.
            rows: Pictures × prompts in one call.
        """
        return activations_of(self.table, self.width, pixels, rows, on_processor=self.on_processor)

    def tiled_activations(self, tile: int, pixels: int) -> int:
        """Those of decoding in tiles, with what is kept of the whole picture meanwhile.

        Args:
            tile: Latents along a side of a tile.
            pixels: Latents of the picture.
        """
        whole = self.table.whole
        if whole is None:
            return self.activations(pixels)
        first = whole.half if self.width == _HALF else whole.full
        if self.on_processor:
            first = whole.processor
        kept = pixels * (whole.features * self.width + SCALE**2 * CANVAS)
        return max(first.at(pixels), kept + self.activations(tile * tile))


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a model on a device."""

    encoders: tuple[Part, ...]
    network: Part
    vae: Part
    control: ControlTable | None = None
    """Of what steers the network, in its published size."""

    @property
    def weights(self) -> int:
        """The bytes of all weights as the device computes with them."""
        parts = (*self.encoders, self.network, self.vae)
        return sum(part.weights("full") for part in parts)

    @classmethod
    def of(cls, workload: Workload, device: DeviceKind, tables: Tables) -> "Parts":
        """Find each part's table.

        Raises:
            ModelError: When nothing is known of the family, or the network or the VAE is missing.
        """
        facts = {part.role: part for part in workload.parts}
        network = facts.get("diffusion_model")
        table = tables.find(workload.family, network.parameters if network else 0)
        if table is None:
            raise ModelError(
                "What models of this family need is not known.", "Choose another checkpoint."
            )
        parts = {
            entry.role: Part.on(device, facts[entry.role], entry)
            for entry in table.parts
            if entry.role in facts
        }
        if "diffusion_model" not in parts or "vae" not in parts:
            raise ModelError(
                "This is no whole model: its network or its VAE is missing.",
                "Choose a checkpoint that can draw, or add the missing part.",
            )
        readers = tuple(part for role, part in parts.items() if role in READERS)
        return cls(readers, parts["diffusion_model"], parts["vae"], table.control)


def width_on(device: DeviceKind, precision: str) -> int:
    """The bytes of a number that a network computes with, given what accelerators compute it in."""
    return 4 if device == "cpu" or precision == "fp32" else _HALF


def activations_of(
    table: PartTable | ControlTable, width: int, pixels: int, rows: int, *, on_processor: bool
) -> int:
    """The bytes of activations.

    Args:
        table: Of what works.
        width: Bytes of a number that it computes with.
        pixels: Latents of one row.
        rows: Pictures × prompts in one call.
        on_processor: Whether a processor works.
    """
    curve = table.half if width == _HALF else table.full
    plain = rows * curve.at(pixels)
    if not on_processor:
        return plain
    # What its kernels hold is mostly one copy of weights, however many rows there are.
    together = rows * pixels
    return plain + table.processor.at(together) - table.full.at(together)


def with_workspace(activations: int) -> int:
    """Activations, with what convolutions and the allocator take beside them."""
    return activations + int(activations * WORKSPACE)
