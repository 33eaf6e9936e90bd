"""The fastest way to make a picture within a budget of memory: pure arithmetic."""

from collections.abc import Iterator, Sequence
from typing import Literal

from backend.memory.estimate import PROCESS, Parts
from backend.memory.guests import Guests
from backend.memory.menu import PLENTY, Menu, Plan
from backend.memory.placements import Lying, Option, Surroundings
from backend.memory.sentences import hint_for, reasons, sentence_for
from backend.memory.speed import USUAL, Parked
from backend.memory.tables import load_tables
from backend.schema.memory import (
    Budget,
    DeviceKind,
    GuestPlan,
    PartPlan,
    Piece,
    PlanView,
    Workload,
)
from backend.schema.memory_settings import MemorySettings, Placement

_PHASES: tuple[Literal["read", "draw", "decode"], ...] = ("read", "draw", "decode")


def plan(
    workload: Workload,
    budget: Budget,
    choices: MemorySettings | None = None,
    learned: float | None = None,
    correction: float = 1.0,
) -> PlanView:
    """The fastest exact way that fits, else the fastest; where none does, the smallest.

    Args:
        workload: What to draw, with which model.
        budget: The memory there is.
        choices: What is decided by hand.
        learned: How many operations a second this device does of this network, where its own runs
            told.
        correction: How many times as much as the tables say this device takes beside weights, as
            its own runs told.

    Raises:
        ModelError: When nothing is known of the family, or a part is missing.
    """
    choices = choices or MemorySettings()
    parts = Parts.of(workload, budget.device, load_tables())
    speed = USUAL[budget.device]
    if learned:
        speed = speed._replace(operations=learned)
    usual: Parked = "disk" if budget.shared else "ram"
    guests = Guests.of(workload.guests, parts.control, parts.network)
    around = Surroundings(workload, speed, usual, correction, guests)
    best, menu = _most_exact(parts, around, budget, choices)
    chosen = best or menu.smallest
    phases = [phase + menu.context for phase in chosen.phases]
    view = _view(chosen, phases, workload, budget, fits=best is not None).model_copy(
        update={
            "guests": tuple(_guest_plans(chosen, guests)),
            "slow_down": chosen.seconds / menu.full_speed,
            "seconds": chosen.seconds if learned else None,
            "seconds_per_step": chosen.network.seconds / workload.steps if learned else None,
        }
    )
    return view.model_copy(
        update={
            "sentence": sentence_for(view, workload),
            "hint": hint_for(view, workload),
            "why": reasons(view, workload),
        }
    )


def _most_exact(
    parts: Parts, around: Surroundings, budget: Budget, choices: MemorySettings
) -> tuple[Plan | None, Menu]:
    """The same as `_best`; weights go to eight bits only where nothing else fits.

    A picture that changes is worse than one that takes longer.
    """
    if choices.precision is None:
        exact = choices.model_copy(update={"precision": "exact"})
        best, menu = _best(parts, around, budget, exact)
        if best is not None:
            return best, menu
    return _best(parts, around, budget, choices)


def _best(
    parts: Parts, around: Surroundings, budget: Budget, choices: MemorySettings
) -> tuple[Plan | None, Menu]:
    """The fastest plan that fits, and all that there was to choose from."""
    menu = Menu.of(parts, around, budget.device, choices)
    best = menu.fastest(budget)
    if not budget.shared and budget.ram_bytes < parts.weights + PROCESS:
        from_disk = Menu.of(parts, around._replace(parked="disk"), budget.device, choices)
        found = [each for each in (best, from_disk.fastest(budget)) if each]
        best = min(found, key=lambda each: each.seconds, default=None)
        menu = menu if best and best.parked == "ram" else from_disk
    return best, menu


def needs(
    workload: Workload, device: DeviceKind, choices: MemorySettings | None = None
) -> PlanView:
    """What a picture takes where memory is no matter, placed as `choices` say.

    Raises:
        ModelError: When nothing is known of the family, or a part is missing.
    """
    budget = Budget(device=device, device_bytes=PLENTY, ram_bytes=PLENTY)
    return plan(workload, budget, choices)


def _view(
    chosen: Plan, phases: Sequence[int], workload: Workload, budget: Budget, *, fits: bool
) -> PlanView:
    """All of the view but times and words."""
    peak = max(phases)
    ram = _ram(chosen, budget, peak)
    parts = (
        lying for option in (chosen.text, chosen.network, chosen.vae) for lying in option.lying
    )
    return PlanView(
        fits=fits,
        placement=_overall(chosen),
        parts=tuple(_part_plan(lying, budget) for lying in parts),
        pictures_at_once=chosen.network.pictures,
        prompts_at_once=chosen.network.prompts,
        vae_tile=chosen.vae.tile,
        parked=chosen.parked,
        peak_bytes=peak,
        peak_phase=_PHASES[phases.index(peak)],
        read_bytes=phases[0],
        draw_bytes=phases[1],
        decode_bytes=phases[2],
        pieces=tuple(_pieces(chosen, phases.index(peak), workload.adapter_bytes, peak)),
        ram_bytes=ram,
        budget=budget,
        missing_bytes=0 if fits else _missing(budget, peak, ram),
        slow_down=1.0,
        sentence="",
    )


def _ram(chosen: Plan, budget: Budget, peak: int) -> int:
    if budget.shared:
        return peak
    return PROCESS + (chosen.parked_bytes if chosen.parked == "ram" else 0)


def _missing(budget: Budget, peak: int, ram: int) -> int:
    if budget.shared:
        return peak - min(budget.device_bytes, budget.ram_bytes)
    return max(0, peak - budget.device_bytes) + max(0, ram - budget.ram_bytes)


def _overall(chosen: Plan) -> Placement:
    """The denoising network's, or that of the others where it stays."""
    placement = chosen.network.lying[0].placement
    if placement == "resident" and chosen.parked_bytes:
        return "model"
    return placement


def _guest_plans(chosen: Plan, guests: Guests) -> Iterator[GuestPlan]:
    stay, _ = chosen.network.guests
    for each in guests.all:
        placement = "resident" if stay and not each.low_vram else "model"
        weights = guests.weights(each)
        yield GuestPlan(file=each.file, placement=placement, weight_bytes=weights)


def _part_plan(lying: Lying, budget: Budget) -> PartPlan:
    part, placement, storage = lying
    ahead = USUAL[budget.device].streams
    return PartPlan(
        role=part.facts.role,
        placement=placement,
        storage=storage,
        weight_bytes=part.weights(storage),
        device_bytes=part.at_work(storage, placement, ahead=ahead),
    )


def _pieces(chosen: Plan, phase: int, adapters: int, peak: int) -> Iterator[Piece]:
    """What the peak consists of; the reserve is what is left."""
    options: tuple[Option, ...] = (chosen.text, chosen.network, chosen.vae)
    held = [option.weights if at == phase else option.rest for at, option in enumerate(options)]
    steering = chosen.network.guests[phase == _PHASES.index("draw")]
    beside = min(adapters, held[1])
    sizes = {
        "Text encoders": held[0],
        "Denoising network": held[1] - beside - steering,
        "ControlNet": steering,
        "VAE": held[2],
        "Adapters": beside,
        "Activations": options[phase].activations,
    }
    sizes["Reserve"] = peak - sum(sizes.values())
    return (Piece(label=label, bytes=size) for label, size in sizes.items() if size)
