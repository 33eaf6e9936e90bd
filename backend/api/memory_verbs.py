"""What the doors need of Studio to tell of memory."""

from typing import Protocol

from backend.schema.jobs import Actor
from backend.schema.memory import MemoryState, PlanRequest, PlanView
from backend.schema.memory_settings import UsualMemory
from backend.schema.models import Family


class Memory(Protocol):
    """Whether a picture fits into memory, and what memory there is."""

    def plan(self, actor: Actor, request: PlanRequest) -> PlanView:
        """The fastest way that fits, or what is missing."""
        ...

    def plan_unseen(self, actor: Actor, family: Family, size: int) -> PlanView | None:
        """How a model that is not here would fit; None where it draws nothing by itself."""
        ...

    def state(self, actor: Actor) -> MemoryState:
        """How full the memory is, and who holds it."""
        ...

    def usual(self, actor: Actor) -> UsualMemory:
        """What counts for every picture that says nothing else."""
        ...

    def set_usual(self, actor: Actor, usual: UsualMemory) -> None:
        """Keep it in place of what counted before."""
        ...
