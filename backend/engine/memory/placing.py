"""Where the parts of one checkpoint lie while they do not work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from backend.schema.memory import PlanView, Storage
from backend.schema.memory_settings import Placement
from backend.schema.models import Role


@dataclass(frozen=True)
class How:
    """How one part lies."""

    placement: Placement = "resident"
    storage: Storage = "full"


@dataclass(frozen=True)
class Placing:
    """How each part lies, by its role; those that are not named stay on the device."""

    parts: Mapping[Role, How] = field(default_factory=dict[Role, How])
    parked: Literal["ram", "disk"] = "ram"
    """Where weights are that are not on the device."""
    guests: Mapping[str, How] = field(default_factory=dict[str, How])
    """How each guest lies, such as a control model, by its file; others stay as they are."""

    @classmethod
    def of(cls, plan: PlanView) -> Self:
        """As it is planned."""
        return cls(
            {part.role: How(part.placement, part.storage) for part in plan.parts},
            plan.parked,
            {guest.file: How(guest.placement) for guest in plan.guests},
        )

    def how(self, role: Role) -> How:
        """How a part lies."""
        return self.parts.get(role, How())
