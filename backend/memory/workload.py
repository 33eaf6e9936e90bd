"""What a request is to draw, as far as it decides about memory."""

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
    )
