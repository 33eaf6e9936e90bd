"""What a request is to draw, as far as it decides about memory."""

from pathlib import Path

from backend.prompts.composition import split_prompts
from backend.prompts.tags import take_tags
from backend.schema.memory import Workload
from backend.schema.resolved import ResolvedModel, ResolvedRequest


def workload_of(wanted: ResolvedRequest, model: ResolvedModel, calls_per_step: int) -> Workload:
    """The work of a request with one of its models.

    Args:
        wanted: What is made.
        model: The one that draws, or its refiner, whose parts are known.
        calls_per_step: How often the sampler asks the denoising network in a step.
    """
    return Workload(
        family=model.family,
        parts=model.parts,
        width=wanted.size.width,
        height=wanted.size.height,
        batch=wanted.batch.size,
        prompts=prompts_at_once(wanted),
        steps=wanted.sampling.steps * calls_per_step,
        adapter_bytes=_adapter_bytes(wanted, model),
    )


def prompts_at_once(wanted: ResolvedRequest) -> int:
    """How many prompts a call of the network reads for each picture: the most that any has."""
    cfg_scale = wanted.sampling.cfg_scale
    indices = range(wanted.batch.pictures) if wanted.expanded else (0,)
    return max(_prompts(wanted.prompt_of(index).positive, cfg_scale) for index in indices)


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
