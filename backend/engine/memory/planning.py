"""Planning how a request's models lie on this device, with the memory that there is now."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import psutil
import torch

from backend.engine.accelerator import choose_device, free_bytes
from backend.engine.memory.placing import How, Placing
from backend.engine.registry import find_sampler
from backend.memory.estimate import CONTEXT
from backend.memory.plan import plan
from backend.memory.workload import workload_of
from backend.schema.errors import ModelError, OutOfMemoryError
from backend.schema.memory import Budget, DeviceKind, PlanView
from backend.schema.memory_settings import MemoryLimits, MemorySettings
from backend.schema.models import ModelKind
from backend.schema.resolved import ResolvedModel, ResolvedRequest

_KINDS: Mapping[str, DeviceKind] = {"cuda": "cuda", "mps": "mps"}


@dataclass(frozen=True)
class Room:
    """What a checkpoint takes, in bytes."""

    weights: int
    """On the device, whatever works."""
    drawing: int
    """More, while it works."""
    parked: int = 0
    """In the machine's memory beside the device's."""
    most: int | None = None
    """What all checkpoints together may take on the device; None for what there is."""


@dataclass(frozen=True)
class Planner:
    """Plans the models of one request."""

    wanted: ResolvedRequest
    budget: Budget
    most: Budget
    """What there would be if nobody else held memory."""
    _known: dict[tuple[str, MemorySettings], PlanView | None] = field(
        default_factory=dict[tuple[str, MemorySettings], PlanView | None]
    )

    @classmethod
    def here(cls, wanted: ResolvedRequest) -> "Planner":
        """Plan with this device's memory, as far as the request may use it."""
        limits = wanted.memory.limits
        return cls(wanted, _budget(limits, now=True), _budget(limits, now=False))

    def plan(self, model: ResolvedModel, changed: MemorySettings | None = None) -> PlanView | None:
        """How a model is made to fit; None where nothing is known of its size.

        Args:
            model: The one that draws, or the refiner.
            changed: What is decided beside what the request says.

        Raises:
            OutOfMemoryError: When it would not even fit if nobody else held memory.
        """
        settings = (changed or MemorySettings()).over(self.wanted.memory.settings)
        key = (model.path, settings)
        if key not in self._known:
            self._known[key] = self._planned(model, settings)
        return self._known[key]

    def placing(self, model: ResolvedModel, changed: MemorySettings | None = None) -> Placing:
        """How the parts of a model lie."""
        planned = self.plan(model, changed)
        placing = Placing() if planned is None else Placing.of(planned)
        return replace(placing, guests={**guests_of(self.wanted, placing), **placing.guests})

    def room(self, model: ResolvedModel, changed: MemorySettings | None = None) -> Room | None:
        """What a model takes; None where nothing is known of its size."""
        planned = self.plan(model, changed)
        if planned is None:
            return None
        whole = (*planned.parts, *planned.guests)
        stay = sum(each.weight_bytes for each in whole if each.placement == "resident")
        away = sum(each.weight_bytes for each in whole) - stay
        peak = planned.peak_bytes - CONTEXT[planned.budget.device]
        limit = self.wanted.memory.limits.device_bytes
        return Room(
            weights=stay,
            drawing=max(0, peak - stay),
            parked=away if planned.parked == "ram" else 0,
            most=limit - CONTEXT[planned.budget.device] if limit else None,
        )

    def _planned(self, model: ResolvedModel, settings: MemorySettings) -> PlanView | None:
        if not model.parts:
            return None
        workload = workload_of(self.wanted, model, calls_of)
        told = self.wanted.memory
        learned = (told.operations, told.correction)
        try:
            planned = plan(workload, self.budget, settings, *learned)
            if not planned.fits:
                planned = self._without_others(plan(workload, self.most, settings, *learned))
        except ModelError:
            return None
        return planned

    def _without_others(self, planned: PlanView) -> PlanView:
        """A plan for more than is free: the others may make room, and the ladder helps."""
        if not planned.fits:
            raise OutOfMemoryError(
                planned.sentence,
                planned.hint,
                needed_bytes=planned.peak_bytes,
                free_bytes=self.budget.device_bytes,
            )
        return planned


def guests_of(wanted: ResolvedRequest, placing: Placing) -> Mapping[str, How]:
    """How control models lie where no plan says it, by their files: as the network beside them.

    One that is to take little room is on the device only while it works. An IP-Adapter lies
    nowhere: it is done with its picture before the first step.
    """
    beside = placing.how("diffusion_model")
    alone = replace(beside, placement="model") if beside.placement == "resident" else beside
    return {
        control.model.path: alone if control.low_vram else beside
        for control in wanted.controls
        if control.model.kind is not ModelKind.IP_ADAPTER
    }


def calls_of(sampler: str) -> int:
    """How often a sampler asks the network in a step."""
    return find_sampler(sampler).info.calls_per_step


def _budget(limits: MemoryLimits, *, now: bool) -> Budget:
    """What there is: free, or held by ourselves; or all that the device has."""
    device = choose_device()
    kind = _KINDS.get(device.type, "cpu")
    memory = psutil.virtual_memory()
    ours = psutil.Process().memory_info().rss
    ram = memory.available + ours if now else memory.total
    there = ram
    if kind == "cuda":
        held = torch.cuda.memory_reserved(device) + CONTEXT["cuda"]
        total = torch.cuda.get_device_properties(device).total_memory
        there = min(free_bytes(device) + held, total) if now else total
    return Budget(
        device=kind,
        device_bytes=min(there, limits.device_bytes or there),
        ram_bytes=min(ram, limits.ram_bytes or ram),
    )
