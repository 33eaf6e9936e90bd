"""`plan`: whether a picture fits into memory, and how, without loading anything."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import get_args

import click

from backend.api.low_memory import low_memory_of, low_memory_options
from backend.api.options import field_option
from backend.api.running import run_command
from backend.api.verbs import Memory
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.jobs import OWNER
from backend.schema.memory import DeviceKind, PlanRequest, PlanView

OpenMemory = Callable[[], AbstractContextManager[Memory]]
GIB = 2**30
_UNITS = {"": GIB, "G": GIB, "M": 2**20, "T": 2**40}
"""Memory is sold in powers of two, whatever the letters say."""
_SIZE = re.compile(r"(\d+)\s*[x×*]\s*(\d+)")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([MGT]?)I?B?", re.IGNORECASE)
_DOES_NOT_FIT = 1
_MEMORY = tuple(spec for spec in GENERATION_FIELDS if spec.id.startswith("memory."))
_OF_UNITS = tuple(
    spec
    for spec in GENERATION_FIELDS
    if spec.number and spec.id.partition(".")[2] in ("model", "weight", "start", "end", "low_vram")
)
"""What decides about the memory of units of ControlNet."""


def run(argv: Sequence[str], open_memory: OpenMemory) -> int:
    """Run `plan` with its arguments and return the exit code.

    0: it fits. 1: it does not, or the model cannot be read. 2: what was asked makes no sense.
    """
    return run_command(_command(open_memory), argv)


def _command(open_memory: OpenMemory) -> click.Command:
    def plan(*, as_json: bool, **asked: object) -> int:
        request = _request(asked)
        with open_memory() as memory:
            view = memory.plan(OWNER, request)
        click.echo(view.model_dump_json(indent=2) if as_json else "\n".join(_told(view)))
        return 0 if view.fits else _DOES_NOT_FIT

    return click.Command(
        "plan",
        params=[
            click.Option(["--model"], help="A file, a folder, or an installed model's name."),
            click.Option(["--size"], help="Such as 1024x1024; the model's own without."),
            click.Option(["--batch"], type=int, default=1, help="Pictures at the same time."),
            click.Option(["--steps"], type=int, help="The model's own without."),
            click.Option(["--cfg-scale"], type=float, help="1 leaves the negative prompt out."),
            click.Option(
                ["--budget"], help="A card's memory, such as 6GB; this machine's without."
            ),
            click.Option(["--ram"], help="The machine's memory, such as 16GB."),
            click.Option(["--device"], type=_choices(DeviceKind), help="What computes."),
            *map(field_option, (*_MEMORY, *_OF_UNITS)),
            *low_memory_options(),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=plan,
        help="Tell whether a picture fits into memory, and how it is made to. Only the header of "
        "the model is read.",
    )


def _choices(kind: object) -> click.Choice[str]:
    return click.Choice(list(get_args(kind)))


def _request(asked: dict[str, object]) -> PlanRequest:
    model, size = asked["model"], asked["size"]
    width, height = _size(str(size)) if size else (None, None)
    fields: dict[str, Scalar] = {
        "model.checkpoint": _model(str(model)) if model else None,
        "size.width": width,
        "size.height": height,
    }
    for name, field in (
        ("batch", "batch.size"),
        ("steps", "sampling.steps"),
        ("cfg_scale", "sampling.cfg_scale"),
    ):
        value = asked[name]
        fields[field] = value if isinstance(value, int | float) else None
    for spec in _MEMORY:
        value = asked[spec.setting.short_name]
        fields[spec.id] = None if value is None else str(value)
    for spec in _OF_UNITS:
        value = asked[spec.setting.short_name]
        named = spec.setting.choices and isinstance(value, str)
        fields[spec.id] = _model(str(value)) if named else _scalar(value)
    generation = GenerationRequest.from_fields(fields)
    memory = generation.memory.over(low_memory_of(asked))
    return PlanRequest.model_validate(
        {
            "generation": generation.model_copy(update={"memory": memory}),
            "device": asked["device"],
            "device_bytes": _amount("--budget", asked["budget"]),
            "ram_bytes": _amount("--ram", asked["ram"]),
        }
    )


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, str | int | float) else None


def _model(name: str) -> str:
    """A path from the root where it is one; else the name of an installed model."""
    path = Path(name).expanduser()
    return str(path.absolute()) if path.exists() else name


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise OutOfRangeError(f"--size cannot be “{text}”.", "Say it like 1024x768.", "size")
    return int(found[1]), int(found[2])


def _amount(flag: str, text: object) -> int | None:
    if text is None:
        return None
    found = _AMOUNT.fullmatch(str(text).strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if not size:
        raise OutOfRangeError(f"{flag} cannot be “{text}”.", "Say it like 6GB or 6144MB.", flag)
    return size


def _told(view: PlanView) -> Sequence[str]:
    lines = [f"{view.sentence} {view.hint}".strip()]
    lines += [f"  {piece.label:<18} {piece.bytes / GIB:6.2f} GB" for piece in view.pieces]
    lines.append(f"  {'RAM':<18} {view.ram_bytes / GIB:6.2f} GB")
    lines += [f"  {sentence}" for sentence in view.why]
    if view.seconds is not None:
        lines.append(f"  About {view.seconds:.0f} seconds, as earlier pictures took.")
    return lines
