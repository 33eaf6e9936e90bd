"""Finding what the engine offers: each file of a package registers one thing by decorating it.

There is no table to keep: the decorated objects are the entries, and looking them up means looking
through the package. A new sampler, schedule or family is one new file.
"""

import importlib
import pkgutil
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from torch import Tensor

from backend.engine import families as families_package
from backend.engine import samplers as samplers_package
from backend.engine import schedules as schedules_package
from backend.engine.families.base import Model
from backend.engine.loading.files import CheckpointFiles
from backend.engine.memory.workplace import Workplace
from backend.engine.samplers.base import Denoiser, NoiseSource, SamplerFunction, Step
from backend.engine.schedules.base import NoiseLevels, ScheduleFunction
from backend.schema.catalogue import (
    FamilyDefaults,
    FamilyInfo,
    PromptReading,
    SamplerInfo,
    ScheduleInfo,
    VariantInfo,
)
from backend.schema.errors import NotFoundError
from backend.schema.events import Event


@dataclass(frozen=True)
class Sampler:
    """A sampler with what the page shows of it."""

    info: SamplerInfo
    function: SamplerFunction

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource
    ) -> Iterator[Step]:
        """Walk the latents `x` through `sigmas`; see `samplers.base`."""
        return self.function(denoise, x, sigmas, noise)


@dataclass(frozen=True)
class Schedule:
    """A schedule with what the page shows of it."""

    info: ScheduleInfo
    function: ScheduleFunction

    def __call__(self, levels: NoiseLevels, steps: int) -> Tensor:
        """The noise levels of `steps` steps; see `schedules.base`."""
        return self.function(levels, steps)


Entry = TypeVar("Entry", Sampler, Schedule, "Family")
LoadFunction = Callable[[CheckpointFiles, Workplace], Generator[Event, None, Model]]


@dataclass(frozen=True)
class Family:
    """A model family: what the page shows of it, and how its checkpoints are loaded."""

    info: FamilyInfo
    load: LoadFunction


def sampler(
    identifier: str,
    *,
    label: str,
    aliases: tuple[str, ...] = (),
    stochastic: bool = False,
    order: int = 1,
    calls_per_step: int = 1,
) -> Callable[[SamplerFunction], Sampler]:
    """Register a sampler; `order` is how fast its error falls with the step width."""
    info = SamplerInfo(
        id=identifier,
        label=label,
        aliases=aliases,
        stochastic=stochastic,
        order=order,
        calls_per_step=calls_per_step,
    )
    return lambda function: Sampler(info, function)


def schedule(
    identifier: str, *, label: str, aliases: tuple[str, ...] = ()
) -> Callable[[ScheduleFunction], Schedule]:
    """Register a schedule."""
    info = ScheduleInfo(id=identifier, label=label, aliases=aliases)
    return lambda function: Schedule(info, function)


def family(
    identifier: str,
    *,
    label: str,
    defaults: FamilyDefaults,
    variants: tuple[VariantInfo, ...] = (),
    uses: tuple[str, ...] = (),
    size_multiple: int = 8,
) -> Callable[[LoadFunction], Family]:
    """Register a family by the function that loads its checkpoints.

    Args:
        identifier: As the library names it.
        label: As people name it.
        defaults: The settings it draws best with.
        variants: Those that want other settings, or need to be drawn with in another way.
        uses: The ids of the special fields that have an effect.
        size_multiple: What width and height are multiples of.
    """
    info = FamilyInfo(
        id=identifier,
        label=label,
        defaults=defaults,
        variants=variants,
        uses=uses,
        size_multiple=size_multiple,
    )
    return lambda load: Family(info, load)


def reads(how: PromptReading) -> Callable[[Family], Family]:
    """Say how a family reads prompts, where it does not as most do."""
    return lambda known: Family(known.info.model_copy(update={"reads": how}), known.load)


def learned(*sizes: tuple[int, int]) -> Callable[[Family], Family]:
    """Say which sizes a family draws best, wide ones, where it did not learn any size."""
    return lambda known: Family(known.info.model_copy(update={"sizes": sizes}), known.load)


def samplers() -> tuple[Sampler, ...]:
    """Every sampler, by label."""
    return _registered(samplers_package, Sampler)


def schedules() -> tuple[Schedule, ...]:
    """Every schedule, by label."""
    return _registered(schedules_package, Schedule)


def families() -> tuple[Family, ...]:
    """Every model family, by label."""
    return _registered(families_package, Family)


def find_sampler(identifier: str) -> Sampler:
    """The sampler of this id.

    Raises:
        NotFoundError: When there is none; the hint lists what there is.
    """
    return _find({entry.info.id: entry for entry in samplers()}, identifier, "sampler")


def find_schedule(identifier: str) -> Schedule:
    """The schedule of this id.

    Raises:
        NotFoundError: When there is none; the hint lists what there is.
    """
    return _find({entry.info.id: entry for entry in schedules()}, identifier, "schedule")


def find_family(identifier: str) -> Family:
    """The family of this id.

    Raises:
        NotFoundError: When there is none; the hint lists what there is.
    """
    return _find({entry.info.id: entry for entry in families()}, identifier, "model family")


def _find(entries: Mapping[str, Entry], identifier: str, noun: str) -> Entry:
    if identifier not in entries:
        hint = f"Known: {', '.join(entries)}."
        raise NotFoundError(f"There is no {noun} called “{identifier}”.", hint)
    return entries[identifier]


def _registered(package: ModuleType, kind: type[Entry]) -> tuple[Entry, ...]:
    names = [
        f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)
    ]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    found = [value for value in values if isinstance(value, kind)]
    return tuple(sorted(found, key=lambda entry: entry.info.label))
