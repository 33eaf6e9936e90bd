"""The panel below the device line: who holds the memory, and what is usual on this machine."""

import math
from collections.abc import Mapping

from backend.memory.estimate import GIB
from backend.schema.base import Frozen
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import FieldSpec
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.memory import MemoryState
from backend.schema.memory_settings import MemoryLimits, UsualMemory
from ui.binding import AUTOMATIC
from ui.memory.plan import Stripe
from ui.memory.words import gigabytes

_GROUP = "memory."


class Held(Frozen):
    """What holds how much."""

    name: str
    size: str


class ShownState(Frozen):
    """The state of the memory, as it is drawn."""

    device: str
    whole: str
    stripes: tuple[Stripe, ...]
    programs: tuple[Held, ...]
    ram: str
    """How much of the machine's memory is free, where the device has its own."""
    told: str
    """What came of the button."""


class ShownChoice(Frozen):
    """A list of the form."""

    name: str
    label: str
    help: str
    options: tuple[tuple[str, str], ...]
    """Label and value."""
    chosen: str


class ShownLimit(Frozen):
    """A number of the form, in GB; empty for all that there is."""

    name: str
    label: str
    value: str
    most: str


class ShownUsual(Frozen):
    """The owner's form."""

    choices: tuple[ShownChoice, ...]
    limits: tuple[ShownLimit, ...]


def shown_state(state: MemoryState, told: str = "") -> ShownState:
    """The state of the memory, as it is drawn."""
    held = (
        ("easel", "Easel", state.easel_bytes),
        ("others", "Other programs", state.others_bytes),
        ("free", "Free now", state.free_bytes),
    )
    total = state.total_bytes
    own = state.kind == "cuda"
    ram = f"{gigabytes(state.ram_free_bytes)} of {gigabytes(state.ram_total_bytes)} RAM are free."
    return ShownState(
        device=state.device or "The processor",
        whole=gigabytes(total),
        stripes=tuple(
            Stripe(kind=kind, label=label, size=gigabytes(size), percent=100 * size / total)
            for kind, label, size in held
        ),
        programs=tuple(Held(name=one.name, size=gigabytes(one.bytes)) for one in state.programs),
        ram=ram if own else "",
        told=told,
    )


def shown_usual(usual: UsualMemory, state: MemoryState) -> ShownUsual:
    """The form, holding what is usual; a device without memory of its own has one limit."""
    limits = [_limit("ram_bytes", "RAM at most", usual.limits.ram_bytes, state.ram_total_bytes)]
    if state.kind == "cuda":
        given = usual.limits.device_bytes
        limits.insert(0, _limit("device_bytes", "Device at most", given, state.total_bytes))
    return ShownUsual(
        choices=tuple(
            _choice(spec, usual) for spec in GENERATION_FIELDS if spec.id.startswith(_GROUP)
        ),
        limits=tuple(limits),
    )


def usual_of(form: Mapping[str, str], before: UsualMemory) -> UsualMemory:
    """What the form says; a limit that it does not show stays.

    Raises:
        OutOfRangeError: When a choice is unknown or a limit is no number.
    """
    chosen = {
        spec.id: form.get(spec.id) or None
        for spec in GENERATION_FIELDS
        if spec.id.startswith(_GROUP)
    }
    limits = {name: _bytes(form[name]) for name in MemoryLimits.model_fields if name in form}
    return UsualMemory(
        settings=GenerationRequest.from_fields(chosen).memory,
        limits=before.limits.model_copy(update=limits),
    )


def _choice(spec: FieldSpec, usual: UsualMemory) -> ShownChoice:
    options = ((label, value) for value, label in spec.setting.options.items())
    chosen: object = usual.settings.model_dump()[spec.id.removeprefix(_GROUP)]
    return ShownChoice(
        name=spec.id,
        label=spec.setting.label,
        help=spec.setting.help,
        options=(AUTOMATIC, *options),
        chosen=str(chosen or ""),
    )


def _limit(name: str, label: str, given: int | None, whole: int) -> ShownLimit:
    value = "" if given is None else f"{given / GIB:g}"
    return ShownLimit(name=name, label=label, value=value, most=f"{whole / GIB:.1f}")


def _bytes(gigabytes_given: str) -> int | None:
    """A limit from the form.

    Raises:
        OutOfRangeError: When it is no number.
    """
    if not gigabytes_given.strip():
        return None
    try:
        given = float(gigabytes_given.replace(",", "."))
    except ValueError:
        given = math.nan
    if not math.isfinite(given):
        raise OutOfRangeError(
            f"“{gigabytes_given}” is no number of GB.", "Write one such as 6.5, or nothing."
        )
    return int(given * GIB)
