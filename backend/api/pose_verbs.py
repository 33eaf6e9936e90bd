"""What the doors need of Studio for poses."""

from typing import Protocol

from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor
from backend.schema.poses import PosePreset, Poses


class PoseMaps(Protocol):
    """Poses that become maps, and maps that are opened as poses again."""

    def keep(self, actor: Actor, poses: Poses) -> InputPicture:
        """Draw a map, and keep it as a picture that requests can refer to."""
        ...

    def of(self, actor: Actor, reference: str) -> Poses:
        """The pose that a map was drawn of."""
        ...

    def presets(self) -> tuple[PosePreset, ...]:
        """Poses to begin with."""
        ...
