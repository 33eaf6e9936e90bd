"""How a job uses memory, and what it is that it draws."""

from dataclasses import dataclass, field
from typing import Self

from backend.memory.workload import prompts_at_once
from backend.schema.memory import PlanView
from backend.schema.memory_settings import MemorySettings, Placement
from backend.schema.resolved import ResolvedRequest

LATENT = 8
"""Pixels along one side of a latent, in every family."""


@dataclass(frozen=True)
class Means:
    """How a job uses memory: the more is given here, the less it takes and the longer."""

    tile: int | None = None
    """Latents along a side of what is decoded at once; None for the whole picture."""
    pictures: int | None = None
    """How many are drawn at once at most; None for the whole batch."""
    prompts_in_turn: bool = False
    """Whether the network reads one prompt after the other."""
    settings: MemorySettings = field(default_factory=MemorySettings)
    """What is decided for the plans of the models beside what the request says."""

    @classmethod
    def of(cls, planned: PlanView | None, load: "Load") -> Self:
        """As it is planned."""
        if planned is None:
            return cls()
        fewer = planned.pictures_at_once < load.pictures
        return cls(
            tile=planned.vae_tile,
            pictures=planned.pictures_at_once if fewer else None,
            prompts_in_turn=planned.prompts_at_once == 1 and load.prompts > 1,
        )


@dataclass(frozen=True)
class Load:
    """What a job draws, as far as it decides about memory."""

    width: int
    """Of a picture, in latents."""
    height: int
    pictures: int
    """In a batch."""
    prompts: int = 1
    """In a call of the network, where it reads all of them at once."""
    placement: Placement | None = None
    """Of the model's parts, as planned; None where nothing was planned."""
    exact: bool = False
    """Whether weights may not be kept in fewer bits."""

    @classmethod
    def of(cls, request: ResolvedRequest, planned: PlanView | None = None) -> Self:
        """What a request draws, and how it is planned."""
        size = request.result_size
        return cls(
            size.width // LATENT,
            size.height // LATENT,
            request.batch.size,
            prompts=prompts_at_once(request),
            placement=None if planned is None else planned.placement,
            exact=request.memory.settings.precision is not None,
        )

    @property
    def area(self) -> int:
        """Of a picture, in latents."""
        return self.width * self.height
