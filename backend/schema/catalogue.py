"""What the engine offers: samplers, schedules and families, known to the page without torch."""

from backend.schema.base import Frozen


class SamplerInfo(Frozen):
    """A sampler, as the page offers it."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()
    """Other programs' names for it, such as `k_euler_a`; read wherever a sampler is named."""
    stochastic: bool = False
    order: int = 1
    calls_per_step: int = 1


class ScheduleInfo(Frozen):
    """A way to spread the noise levels over the steps."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()


class FamilyDefaults(Frozen):
    """The settings a family draws best with; a checkpoint's own side-car may replace them."""

    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    schedule: str


class FamilyInfo(Frozen):
    """A model family, such as SD 1.5."""

    id: str
    label: str
    defaults: FamilyDefaults


class CheckpointInfo(Frozen):
    """A checkpoint in the library, with the settings it draws best with."""

    id: str
    name: str
    family: str
    path: str
    bytes: int
    defaults: FamilyDefaults
    note: str = ""
    """One sentence for a person, e.g. what a small model can draw."""


class Catalogue(Frozen):
    """Everything that can be chosen by name."""

    samplers: tuple[SamplerInfo, ...]
    schedules: tuple[ScheduleInfo, ...]
    families: tuple[FamilyInfo, ...]
