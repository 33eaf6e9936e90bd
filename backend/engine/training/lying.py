"""Where a checkpoint lies while it learns, and what is done when that is too much."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Self

from backend.engine.families.base import Model
from backend.engine.memory.placing import How, Placing
from backend.engine.memory.planning import Room
from backend.engine.residency import Residency
from backend.memory.learning import lighter, waits
from backend.schema.events import Event
from backend.schema.models import Role
from backend.schema.resolved import ResolvedModel
from backend.schema.training_way import LearningWay


@dataclass(frozen=True)
class Lying:
    """How a checkpoint lies while it learns."""

    checkpoint: ResolvedModel
    way: LearningWay
    residency: Residency

    @classmethod
    def of(cls, checkpoint: ResolvedModel, way: LearningWay | None, residency: Residency) -> Self:
        """As it is planned; all of it on the device where nothing is known of its size."""
        return cls(checkpoint, way or LearningWay(), residency)

    @property
    def placing(self) -> Placing:
        """Where each part lies."""
        if not self.way.others_wait:
            return Placing()
        parts: dict[Role, How] = {part.role: How(waits(part)) for part in self.checkpoint.parts}
        streams = self.way.placement == "group"
        parts["diffusion_model"] = How("group" if streams else "model", self.way.storage)
        return Placing(parts, "ram" if self.residency.has_own_memory else "disk")

    @property
    def room(self) -> Room | None:
        """What it takes; None where that is not known."""
        if not self.way.peak:
            return None
        return Room(self.way.stays, self.way.peak - self.way.stays)

    def load(self) -> Generator[Event, None, Model]:
        """Load it so.

        Raises:
            ModelError: When it is missing or broken.
        """
        return (yield from self.residency.load(self.checkpoint, None, self.placing, self.room))

    def hold(self, model: Model) -> Generator[Event]:
        """Have it lie so again, whatever others did with the memory meanwhile.

        Raises:
            ModelError: When its files are gone.
        """
        yield from self.residency.hold(self.checkpoint, model, None, self.placing, self.room)

    def lighter(self) -> tuple[Self, str] | None:
        """The next way that takes less memory, and how it is called; None where there is none."""
        way = lighter(self.way)
        if way is None:
            return None
        if way.alone:
            words = "pictures are learned one after the other from now on"
        elif way.placement != self.way.placement:
            words = "weights come block by block from now on"
        elif way.storage != self.way.storage:
            words = "weights are kept in eight bits from now on"
        else:
            words = "each block works twice from now on"
        return replace(self, way=way), words
