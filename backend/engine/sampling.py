"""The denoising loop: from noise to latents, telling how far it is."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from backend.engine.batches import Batch
from backend.engine.families.base import Conditioning, DenoiserSettings, Model
from backend.engine.families.tiny_decoder import TinyDecoder
from backend.engine.memory.ladder import Ladder
from backend.engine.preview import PreviewPacer
from backend.engine.prompts.scripts import Script
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.base import Denoiser, Step
from backend.engine.samplers.noise import Numbers, PictureNoise
from backend.schema.events import Event, Preview, Progress
from backend.schema.resolved import ResolvedRequest


@dataclass
class Pace:
    """How fast the job's model calls go, over all its batches."""

    calls_planned: int
    calls_of_batch: int = 0
    calls_made: int = 0
    started: float = field(default_factory=time.perf_counter)

    def seconds_left(self) -> float | None:
        """The time that the remaining calls will take; None before there is anything to go by."""
        if not self.calls_made:
            return None
        each = (time.perf_counter() - self.started) / self.calls_made
        return each * max(0, self.calls_planned - self.calls_made)

    def plan(self, batches: int) -> None:
        """Count anew what is ahead: so many whole batches."""
        self.calls_planned = self.calls_made + batches * self.calls_of_batch


def plan_pace(request: ResolvedRequest, batches: int) -> Pace:
    """Count the model calls that are ahead; the last step of every sampler takes one."""
    calls = find_sampler(request.sampling.sampler).info.calls_per_step
    of_batch = calls * (request.sampling.steps - 1) + 1
    return Pace(calls_planned=batches * of_batch, calls_of_batch=of_batch)


@dataclass(frozen=True)
class Drawing:
    """One batch on its way from noise to latents; models may take turns at it."""

    request: ResolvedRequest
    batch: Batch
    sigmas: Tensor
    """The noise levels of all steps, shape (steps + 1,)."""
    noise: PictureNoise
    pace: Pace
    decoder: TinyDecoder | None = None
    """Makes previews, where there is one."""

    def start(self) -> Tensor:
        """The noise that the first step begins with."""
        return self.noise.start() * self.sigmas[0]

    @property
    def refiner_begins(self) -> int:
        """How many steps the checkpoint takes before the refiner; all of them without one."""
        steps, refiner = self.request.sampling.steps, self.request.refiner
        return steps if refiner is None else min(steps, max(1, round(steps * refiner.switch_at)))


def begin(model: Model, request: ResolvedRequest, batch: Batch, pace: Pace) -> Drawing:
    """Lay out the steps and the noise of a batch."""
    settings, size = request.sampling, request.size
    levels = model.levels_for(size.width, size.height, settings.terminal_noise)
    sigmas = find_schedule(settings.schedule)(levels, settings.steps)
    form = model.latent_format
    noise = PictureNoise(
        batch.seeds,
        (form.channels, size.height // form.scale, size.width // form.scale),
        highest=sigmas[0].item(),
        blended=levels.blended,
        device=model.workplace.device,
        numbers=Numbers(request.noise, batch.variations),
    )
    return Drawing(request, batch, sigmas, noise, pace)


def sample(
    model: Model,
    scripts: tuple[Script, ...],
    drawing: Drawing,
    latents: Tensor,
    steps: range,
    ladder: Ladder,
) -> Generator[Event, None, Tensor]:
    """Take some of the steps with one model, yielding at each call of it.

    Args:
        model: Who draws.
        scripts: The prompts, encoded by this model: one script for all pictures, or one for each.
        drawing: What is drawn.
        latents: As they are before the first of the steps.
        steps: Which of the drawing's steps, counted from 0.
        ladder: What is done when memory runs out.

    Returns:
        The latents after the last of them, shape (batch, channels, height, width).
    """
    request, batch = drawing.request, drawing.batch
    settings = denoiser_settings(request)

    def begin(conditioning: Conditioning) -> Denoiser:
        return FittingDenoiser(model.denoiser(conditioning, settings), ladder)

    denoise = FollowingDenoiser(begin, scripts, steps.start + 1)
    sigmas = drawing.sigmas[steps.start : steps.stop + 1]
    pacer = PreviewPacer(decoder=drawing.decoder)
    began = time.perf_counter()
    for step in find_sampler(request.sampling.sampler)(denoise, latents, sigmas, drawing.noise):
        latents = step.latents
        denoise.step = steps.start + step.done + 1
        ladder.step_took(time.perf_counter() - began)
        drawing.pace.calls_made += 1
        yield Progress(
            step=steps.start + step.done,
            steps=request.sampling.steps,
            batch=batch.number,
            batches=batch.count,
            seconds_left=drawing.pace.seconds_left(),
        )
        yield from ladder.news()
        yield from _previews(step, model, batch, pacer)
        began = time.perf_counter()
    return latents


@dataclass
class FollowingDenoiser:
    """A denoiser that draws, at each step, what the scripts say of it.

    Pictures with scripts of their own are drawn one after the other: so each is what it would be
    alone, however long their prompts are.
    """

    begin: Callable[[Conditioning], Denoiser]
    scripts: tuple[Script, ...]
    """One for all pictures, or one for each."""
    step: int
    """The step that is being taken, from 1."""
    _begun: dict[int, Denoiser] = field(default_factory=dict[int, Denoiser])

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, channels, height, width)."""
        if len(self.scripts) == 1:
            return self._now(self.scripts[0])(x, sigma)
        pictures = zip(self.scripts, x.split(1), strict=True)
        return torch.cat([self._now(script)(picture, sigma) for script, picture in pictures])

    def _now(self, script: Script) -> Denoiser:
        conditioning = script.at(self.step)
        if id(conditioning) not in self._begun:
            self._begun[id(conditioning)] = self.begin(conditioning)
        return self._begun[id(conditioning)]


@dataclass(frozen=True)
class FittingDenoiser:
    """A denoiser that draws fewer pictures at once where all of them do not fit."""

    denoise: Denoiser
    ladder: Ladder

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, channels, height, width).

        Raises:
            OutOfMemoryError: When not even one picture fits.
        """
        return self.ladder.attempt("draw", partial(self._in_passes, x, sigma))

    def _in_passes(self, x: Tensor, sigma: Tensor) -> Tensor:
        at_once = self.ladder.means.pictures or len(x)
        passes = [self.denoise(part, sigma) for part in x.split(at_once)]
        return passes[0] if len(passes) == 1 else torch.cat(passes)


def denoiser_settings(request: ResolvedRequest) -> DenoiserSettings:
    """What the request tells the denoising network."""
    return DenoiserSettings(
        cfg_scale=request.sampling.cfg_scale,
        width=request.size.width,
        height=request.size.height,
        guidance=request.sampling.guidance,
        cfg_rescale=request.sampling.cfg_rescale,
        terminal_noise=request.sampling.terminal_noise,
    )


def _previews(step: Step, model: Model, batch: Batch, pacer: PreviewPacer) -> Iterator[Event]:
    if pacer.due():
        jpegs = pacer.make(step.clean, model.latent_format)
        for index, jpeg in zip(batch.indices, jpegs, strict=True):
            yield Preview(index=index, jpeg=jpeg)
