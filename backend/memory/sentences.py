"""A plan in words."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from backend.memory.estimate import GIB, READERS
from backend.schema.memory import GuestPlan, PartPlan, PlanView, Workload
from backend.schema.models import Role

_NAMES: dict[Role, str] = {"diffusion_model": "denoising network", "vae": "VAE"}
_ENCODERS: dict[Role, str] = {
    "clip_l": "CLIP-L text encoder",
    "clip_g": "CLIP-G text encoder",
    "clip_h": "CLIP-H text encoder",
    "t5xxl": "T5 text encoder",
}
DOES_NOT_FIT = "Does not fit"
"""How the sentence of a plan that does not fit begins."""
_NOTICED = 1.015
"""A smaller slow-down is not told."""
_TWICE = 1.95
_LARGEST = 768
"""Pixels along a side from which a smaller picture is worth advising."""


def sentence_for(plan: PlanView, workload: Workload) -> str:
    """What it needs, how it is made to fit, and how much slower that is."""
    memory = "memory" if plan.budget.shared else "the card's memory"
    there = plan.budget.device_bytes
    if plan.budget.shared:
        there = min(there, plan.budget.ram_bytes)
    if not plan.fits:
        return _does_not_fit(plan, there)
    needs = f"Needs {plan.peak_bytes / GIB:.1f} of {in_gigabytes(there)} GB"
    measures = [*_measures(plan, workload)]
    if not measures:
        return f"{needs}: everything stays in {memory}, at full speed."
    return f"{needs}: {', '.join(measures)}, {slower(plan.slow_down)}."


def hint_for(plan: PlanView, workload: Workload) -> str:
    """What helps where it does not fit."""
    if plan.fits:
        return ""
    if any(guest.every_step and not guest.low_vram for guest in workload.guests):
        return "Turn on Low VRAM in the units of ControlNet, or turn units off."
    if max(workload.width, workload.height) >= _LARGEST:
        return "Choose a smaller size, or a checkpoint in a smaller precision, such as GGUF."
    return "Choose a smaller checkpoint, or one in a smaller precision, such as GGUF."


def reasons(plan: PlanView, workload: Workload) -> tuple[str, ...]:
    """A sentence for each thing that was decided."""
    phase = {"read": "reading the prompt", "draw": "drawing", "decode": "decoding"}
    most = in_gigabytes(plan.peak_bytes)
    told = [f"The most memory, {most} GB, is needed while {phase[plan.peak_phase]}."]
    told += [_lies(part, plan) for part in plan.parts if part.placement != "resident"]
    told += [_visits(guest) for guest in plan.guests if guest.placement != "resident"]
    told += [
        f"The weights of the {_name(part.role)} are kept in eight bits, which takes half the room "
        "of sixteen and changes the picture a little."
        for part in plan.parts
        if part.storage == "fp8"
    ]
    told += [
        f"The weights of the {_name(part.role)} are kept as the file has them, and widened at "
        "each call."
        for part in plan.parts
        if part.storage == "stored"
    ]
    if plan.vae_tile:
        told.append(
            f"The picture is decoded in tiles of {plan.vae_tile * 8} pixels, because decoding all "
            "at once takes more than drawing."
        )
    if plan.pictures_at_once < workload.batch:
        told.append(f"{plan.pictures_at_once} of {workload.batch} pictures are drawn at once.")
    if plan.prompts_at_once < workload.prompts:
        told.append("The prompt and the negative prompt are read in turn, not together.")
    return tuple(told)


def _does_not_fit(plan: PlanView, there: int) -> str:
    if plan.peak_bytes > there:
        return (
            f"{DOES_NOT_FIT}: needs {in_gigabytes(plan.peak_bytes)} GB, and there are "
            f"{in_gigabytes(there)}."
        )
    return (
        f"{DOES_NOT_FIT}: needs {in_gigabytes(plan.ram_bytes)} GB of the machine's memory, and "
        f"there are {in_gigabytes(plan.budget.ram_bytes)}."
    )


def _measures(plan: PlanView, workload: Workload) -> Iterator[str]:
    """How it is made to fit, in few words each."""
    place = "in RAM" if plan.parked == "ram" else "on the disk"
    waiting = _waiting(plan)
    if waiting:
        several = len(waiting) > 1 or waiting[0].endswith("s")
        yield f"{_joined(waiting)} {'wait' if several else 'waits'} {place}"
    if any(guest.placement != "resident" for guest in plan.guests):
        yield "control models are there only while they steer"
    source = "RAM" if plan.parked == "ram" else "the disk"
    for placement, unit in (("group", "block"), ("leaf", "layer")):
        streamed = [_name(part.role) for part in plan.parts if part.placement == placement]
        if streamed:
            verb = "come" if len(streamed) > 1 else "comes"
            yield f"{_joined(streamed)} {verb} from {source} {unit} by {unit}"
    if any(part.storage == "fp8" for part in plan.parts):
        yield "weights are kept in eight bits"
    elif any(part.storage == "stored" for part in plan.parts):
        yield "weights stay as the file has them"
    if plan.prompts_at_once < workload.prompts:
        yield "prompt and negative prompt are drawn in turn"
    elif plan.pictures_at_once < workload.batch:
        yield f"{plan.pictures_at_once} of {workload.batch} pictures are drawn at once"
    if plan.vae_tile:
        yield "the picture is decoded in tiles"


def _lies(part: PartPlan, plan: PlanView) -> str:
    place = "in RAM" if plan.parked == "ram" else "on the disk"
    name = _name(part.role)
    size = in_gigabytes(part.weight_bytes)
    if part.placement == "model":
        return f"The {name} ({size} GB) waits {place} while others work."
    unit = "block" if part.placement == "group" else "layer"
    return f"The {name} ({size} GB) lies {place}, and comes to the device {unit} by {unit}."


def _visits(guest: GuestPlan) -> str:
    name, size = PurePath(guest.file).stem, in_gigabytes(guest.weight_bytes)
    return f"The control model “{name}” ({size} GB) is on the device only while it steers."


def _waiting(plan: PlanView) -> list[str]:
    """The parts that wait, in words, text encoders together."""
    waiting: list[Role] = [part.role for part in plan.parts if part.placement == "model"]
    readers: list[Role] = [role for role in waiting if role in READERS]
    words: list[str] = []
    if len(readers) > 1:
        words = ["text encoders"]
    elif readers:
        alone = sum(part.role in READERS for part in plan.parts) == 1
        words = ["text encoder" if alone else _name(readers[0])]
    return words + [_NAMES[role] for role in waiting if role in _NAMES]


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _name(role: Role) -> str:
    return _NAMES.get(role, _ENCODERS.get(role, "text encoder"))


def slower(slow_down: float) -> str:
    """How much slower, in words."""
    if slow_down < _NOTICED:
        return "at nearly full speed"
    if slow_down < _TWICE:
        return f"about {round((slow_down - 1) * 100)} % slower"
    return f"about {slow_down:.1f} times as long"


def in_gigabytes(size: int) -> str:
    """In GB as memory is sold, of 2³⁰ bytes."""
    return f"{size / GIB:.1f}".removesuffix(".0")
