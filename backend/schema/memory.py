"""What a picture needs of a device's memory, and the plan that makes it fit."""

from typing import Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.generation import GenerationRequest
from backend.schema.memory_settings import Placement
from backend.schema.models import PartFacts, Role

DeviceKind = Literal["cuda", "mps", "cpu"]
"""AMD's cards count as `cuda`, as PyTorch names them. On `mps` and `cpu` the device's memory is
the machine's."""
Storage = Literal["full", "stored", "fp8"]
"""How weights are kept: as the device computes; as the file has them, widened at each call; in
eight bits, widened at each call, which changes the picture a little."""


class Looks(Frozen):
    """Steps in which the network sees as much at once."""

    pixels: int
    """Latents of a picture, or of a tile of it."""
    steps: int
    tiles: int = 1
    """Seen one after the other in each step."""


class Guest(Frozen):
    """A control model that steers a drawing, by its file."""

    file: str
    parameters: int
    spans: tuple[tuple[float, float], ...]
    """From which share of the steps to which it steers, once for each unit that it follows."""
    every_step: bool = True
    """Whether it works in each of these steps; else once before the first."""
    low_vram: bool = False
    """Whether it is on the device only while it works itself."""

    @property
    def share(self) -> float:
        """How often it works in a step, on the whole."""
        return sum(end - start for start, end in self.spans)


class Workload(Frozen):
    """What is to be drawn, as far as it decides about memory."""

    family: str
    parts: tuple[PartFacts, ...]
    width: int
    """Of the result."""
    height: int
    batch: int = 1
    prompts: int = 2
    """1 where the negative prompt is left out."""
    steps: int = 20
    adapter_bytes: int = 0
    """Weights of adapters that stay beside the model's own."""
    guests: tuple[Guest, ...] = ()
    """The control models that steer it."""
    looks: tuple[Looks, ...] = ()
    """What the steps consist of, where the network does not see the whole result in each."""


class Budget(Frozen):
    """The memory there is, in bytes."""

    device: DeviceKind
    device_bytes: int
    ram_bytes: int
    """Of the machine; where the device's memory is the machine's, the smaller of both counts."""

    @property
    def shared(self) -> bool:
        """Whether the device computes in the machine's memory."""
        return self.device != "cuda"


class Piece(Frozen):
    """One part of the peak, for a bar."""

    label: str
    bytes: int


class PartPlan(Frozen):
    """Where one part of the model lies, and how."""

    role: Role
    placement: Placement
    storage: Storage
    weight_bytes: int
    device_bytes: int
    """Those of its weights that are on the device while it works."""


class GuestPlan(Frozen):
    """How a control model lies."""

    file: str
    placement: Placement
    """`resident`, or `model` where it is there only while it steers."""
    weight_bytes: int


class PlanView(Frozen):
    """The fastest way that fits, or what is missing."""

    fits: bool
    placement: Placement
    """Of the denoising network, or `model` where only other parts leave the device."""
    parts: tuple[PartPlan, ...]
    guests: tuple[GuestPlan, ...] = ()
    """The control models that steer it."""
    pictures_at_once: int
    prompts_at_once: int
    vae_tile: int | None
    """Latents along a side of what is decoded at once; None for the whole picture."""
    parked: Literal["ram", "disk"]
    """Where weights lie that are not on the device."""
    peak_bytes: int
    """On the device."""
    peak_phase: Literal["read", "draw", "decode"]
    """When: reading the prompt, drawing, or decoding."""
    read_bytes: int
    draw_bytes: int
    decode_bytes: int
    """The most on the device in each phase, the reserve included."""
    pieces: tuple[Piece, ...]
    """They add up to the peak."""
    ram_bytes: int
    """Of the machine; where the device's memory is the machine's, equal to the peak."""
    budget: Budget
    missing_bytes: int = 0
    """How much more memory it would take, where it does not fit."""
    slow_down: float
    """How many times as long as with all of it on the device; 1 for full speed."""
    seconds: float | None = None
    """How long it will take, as this machine's own runs tell; None before the first."""
    seconds_per_step: float | None = None
    sentence: str
    hint: str = ""
    """What helps, where it does not fit."""
    why: tuple[str, ...] = ()
    """A sentence for each thing that was decided."""


class PlanRequest(Frozen):
    """A picture to plan for. What is left open is this machine's, or the checkpoint's."""

    generation: GenerationRequest = GenerationRequest()
    device: DeviceKind | None = None
    device_bytes: int | None = Field(default=None, gt=0)
    ram_bytes: int | None = Field(default=None, gt=0)
    adapter_bytes: int = Field(default=0, ge=0)


class ProgramMemory(Frozen):
    """What a program holds of a device's memory."""

    name: str
    bytes: int


class MemoryState(Frozen):
    """How full the memory is; free, Easel's and the others' add up to all of it."""

    device: str
    """Its name; empty before anything was computed."""
    kind: DeviceKind
    total_bytes: int
    free_bytes: int
    easel_bytes: int
    """What Easel's engine holds."""
    others_bytes: int
    """What other programs and the system hold."""
    programs: tuple[ProgramMemory, ...] = ()
    """The other programs that hold most, the largest first; empty for guests, and where the system
    does not tell."""
    ram_total_bytes: int
    ram_free_bytes: int
