"""What a request is to draw, as far as it decides about memory."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from backend.memory.estimate import SCALE
from backend.memory.tiles import tiles_along
from backend.prompts.composition import split_prompts
from backend.prompts.tags import take_tags
from backend.schema.controls import ResolvedControl
from backend.schema.memory import Guest, Looks, Workload
from backend.schema.models import ModelKind
from backend.schema.resolved import ResolvedModel, ResolvedRequest


def workload_of(
    wanted: ResolvedRequest, model: ResolvedModel, calls_of: Callable[[str], int]
) -> Workload:
    """The work of a request with one of its models.

    Args:
        wanted: What is made.
        model: The one that draws, or its refiner, whose parts are known.
        calls_of: How often a sampler asks the denoising network in a step.
    """
    refines = wanted.refiner is not None and model.path == wanted.refiner.model.path
    size = wanted.size if refines else wanted.result_size
    looks = tuple(_looks(wanted, calls_of, refines=refines))
    return Workload(
        family=model.family,
        parts=model.parts,
        width=size.width,
        height=size.height,
        batch=wanted.batch.size,
        prompts=prompts_at_once(wanted),
        steps=max(1, sum(each.steps for each in looks)),
        adapter_bytes=_adapter_bytes(wanted, model),
        guests=() if refines else guests_of(wanted.controls),
        looks=() if len(looks) == 1 and looks[0].tiles == 1 else looks,
    )


def guests_of(controls: Iterable[ResolvedControl]) -> tuple[Guest, ...]:
    """The control models of units, each once; IP-Adapters leave before the first step."""
    followed: defaultdict[str, list[ResolvedControl]] = defaultdict(list)
    for control in controls:
        if control.model.kind is not ModelKind.IP_ADAPTER and control.weight > 0:
            followed[control.model.path].append(control)
    return tuple(
        Guest(
            file=path,
            parameters=units[0].model.parameters,
            spans=tuple((unit.start, unit.end) for unit in units),
            every_step=units[0].model.kind is ModelKind.CONTROLNET,
            low_vram=all(unit.low_vram for unit in units),
        )
        for path, units in followed.items()
    )


def _looks(
    wanted: ResolvedRequest, calls_of: Callable[[str], int], *, refines: bool
) -> Iterator[Looks]:
    """What the network sees in each pass."""
    size, hires = wanted.size, None if refines else wanted.hires
    if wanted.steps_taken or hires is None:
        steps = wanted.steps_taken * calls_of(wanted.sampling.sampler)
        yield Looks(pixels=(size.width // SCALE) * (size.height // SCALE), steps=steps)
    if hires is None:
        return
    for each in hires.passes:
        width, height = each.width // SCALE, each.height // SCALE
        side = max(width, height) if hires.tile is None else hires.tile // SCALE
        yield Looks(
            pixels=min(width, side) * min(height, side),
            steps=hires.steps * calls_of(hires.sampler),
            tiles=tiles_along(width, side) * tiles_along(height, side),
        )


def prompts_at_once(wanted: ResolvedRequest) -> int:
    """How many prompts a call of the network reads for each picture: the most that any has."""
    cfg_scale = wanted.sampling.cfg_scale
    return max(_prompts(prompt.positive, cfg_scale) for prompt in wanted.all_prompts)


def _prompts(positive: str, cfg_scale: float) -> int:
    """Those between the words AND, and the negative one where it is needed."""
    weights = [each.weight for each in split_prompts(take_tags(positive)[0])]
    return len(weights) + (cfg_scale > 1 or weights != [1.0])


def _adapter_bytes(wanted: ResolvedRequest, model: ResolvedModel) -> int:
    """What the adapters take beside a model: as much as their files, for those of its family."""
    if model.family != wanted.model.family:
        return 0
    return sum(_size(Path(lora.path)) for lora in wanted.loras)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it tells that it is gone
