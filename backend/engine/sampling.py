"""The denoising loop: from noise to latents, telling how far it is."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from torch import Tensor

from backend.engine.batches import Batch
from backend.engine.families.base import Conditioning, Model
from backend.engine.preview import PreviewPacer
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.base import Step
from backend.engine.samplers.noise import PictureNoise
from backend.schema.events import Event, Preview, Progress
from backend.schema.generation import ResolvedRequest


@dataclass
class Pace:
    """How fast the job's model calls go, over all its batches."""

    calls_planned: int
    calls_made: int = 0
    started: float = field(default_factory=time.perf_counter)

    def seconds_left(self) -> float | None:
        """The time that the remaining calls will take; None before there is anything to go by."""
        if not self.calls_made:
            return None
        each = (time.perf_counter() - self.started) / self.calls_made
        return each * max(0, self.calls_planned - self.calls_made)


def plan_pace(request: ResolvedRequest, batches: int) -> Pace:
    """Count the model calls that are ahead; the last step of every sampler takes one."""
    calls = find_sampler(request.sampling.sampler).info.calls_per_step
    return Pace(calls_planned=batches * (calls * (request.sampling.steps - 1) + 1))


def sample(
    model: Model, conditioning: Conditioning, request: ResolvedRequest, batch: Batch, pace: Pace
) -> Generator[Event, None, Tensor]:
    """Denoise one batch, yielding at each model call.

    Returns:
        Clean latents, shape (batch, channels, height, width).
    """
    settings = request.sampling
    sampler = find_sampler(settings.sampler)
    sigmas = find_schedule(settings.schedule)(model.levels, settings.steps)
    noise = picture_noise(model, request, batch, sigmas)
    denoise = model.denoiser(conditioning, settings.cfg_scale)
    pacer = PreviewPacer()
    latents = noise() * sigmas[0]
    for step in sampler(denoise, latents, sigmas, noise):
        latents = step.latents
        pace.calls_made += 1
        yield Progress(
            step=step.done,
            steps=settings.steps,
            batch=batch.number,
            batches=batch.count,
            seconds_left=pace.seconds_left(),
        )
        yield from _previews(step, model, batch, pacer)
    return latents


def picture_noise(
    model: Model, request: ResolvedRequest, batch: Batch, sigmas: Tensor
) -> PictureNoise:
    """The noise of a batch in the shape of the model's latents."""
    form = model.latent_format
    shape = (form.channels, request.size.height // form.scale, request.size.width // form.scale)
    return PictureNoise(batch.seeds, shape, highest=sigmas[0].item(), device=model.device)


def _previews(step: Step, model: Model, batch: Batch, pacer: PreviewPacer) -> Iterator[Event]:
    if pacer.due():
        jpegs = pacer.make(step.clean, model.latent_format)
        for index, jpeg in zip(batch.indices, jpegs, strict=True):
            yield Preview(index=index, jpeg=jpeg)
