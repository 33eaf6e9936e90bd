"""What a request is to draw, as far as it decides about memory."""

from pathlib import Path

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
        prompts=2 if wanted.sampling.cfg_scale > 1 else 1,
        steps=wanted.sampling.steps * calls_per_step,
        adapter_bytes=_adapter_bytes(wanted, model),
    )


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
