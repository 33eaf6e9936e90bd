"""The denoising loop: from noise to latents, telling how far it is."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from backend.engine.batches import Batch
from backend.engine.control.unit import Unit
from backend.engine.families.base import Conditioning, DenoiserSettings, Model
from backend.engine.families.tiny_decoder import TinyDecoder
from backend.engine.memory.ladder import Ladder
from backend.engine.pace import Counted, Pace
from backend.engine.preview import PreviewPacer
from backend.engine.prompts.scripts import Script
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.base import Denoiser, Step
from backend.engine.samplers.noise import Numbers, PictureNoise
from backend.engine.seamless import Wrap
from backend.engine.source.beginning import Beginning
from backend.engine.source.keeping import KeepingDenoiser
from backend.engine.tiled_denoiser import TiledDenoiser, seen_at_once, wrap_of_tile
from backend.schema.events import Event, Preview, Progress
from backend.schema.resolved import ResolvedRequest

Framed = Callable[[Image.Image], Image.Image]


def whole(picture: Image.Image) -> Image.Image:
    """What is drawn is the picture."""
    return picture


@dataclass(frozen=True)
class Drawing:
    """One batch on its way from noise to latents; models may take turns at it."""

    request: ResolvedRequest
    batch: Batch
    sigmas: Tensor
    """The noise levels of all steps, shape (steps + 1,)."""
    noise: PictureNoise
    first_noise: Tensor
    """What the first step begins with, shape (batch, channels, height, width)."""
    pace: Pace
    steps_taken: int
    """How many of the steps are taken, the last ones; fewer where a picture is there already."""
    counted: Counted
    tile: int | None = None
    """Latents along a side of what is seen at once; None for the whole picture."""
    beginning: Beginning | None = None
    """The picture that it begins with, where there is one."""
    decoder: TinyDecoder | None = None
    """Makes previews, where there is one."""
    framed: Framed = whole
    """Puts what is drawn into the picture that previews show."""
    controls: tuple[Unit, ...] = ()
    """The pictures that steer it."""

    def start(self) -> Tensor:
        """The latents that the first step begins with."""
        sigma = self.sigmas[self.first_step]
        if self.beginning is None:
            return self.first_noise * sigma
        if self.first_step == self.request.sampling.steps:
            return self.beginning.unchanged(len(self.first_noise))
        return self.beginning.with_noise(self.first_noise, sigma, self.noise.signal(sigma))

    @property
    def first_step(self) -> int:
        """How many steps are left out, because a picture is there already."""
        return self.request.sampling.steps - self.steps_taken

    @property
    def refiner_begins(self) -> int:
        """How many steps the checkpoint takes before the refiner; all of them without one."""
        steps, refiner = self.request.sampling.steps, self.request.refiner
        begins = steps if refiner is None else max(1, round(steps * refiner.switch_at))
        return min(steps, max(self.first_step, begins))

    def keeping(self, denoise: Denoiser) -> Denoiser:
        """The denoiser, kept from changing what the mask leaves."""
        beginning = self.beginning
        if beginning is None or beginning.mask is None:
            return denoise
        sigmas = self.sigmas[self.first_step :]
        kept, mask, signal = beginning.kept, beginning.mask, self.noise.signal
        return KeepingDenoiser(denoise, kept, self.first_noise, mask, sigmas, signal)


def begin(
    model: Model, request: ResolvedRequest, batch: Batch, pace: Pace, tile: int | None = None
) -> Drawing:
    """Lay out the steps and the noise of a batch.

    Args:
        model: Who draws.
        request: What is drawn.
        batch: Which pictures.
        pace: Counts the model calls.
        tile: Latents along a side of what is seen at once; None for the whole picture.
    """
    settings, size = request.sampling, request.size
    scale = model.latent_format.scale
    high, wide = seen_at_once(size.height, size.width, tile and tile * scale)
    levels = model.levels_for(wide, high, settings.terminal_noise)
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
    return Drawing(
        request=request,
        batch=batch,
        sigmas=sigmas,
        noise=noise,
        first_noise=noise.start(),
        pace=pace,
        steps_taken=request.steps_taken,
        counted=Counted(in_all=request.steps_in_all),
        tile=tile,
    )


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
    request, batch, counted = drawing.request, drawing.batch, drawing.counted
    scale = model.latent_format.scale
    settings = replace(
        denoiser_settings(request, drawing.beginning, drawing.tile and drawing.tile * scale),
        controls=drawing.controls,
    )

    def begin(conditioning: Conditioning) -> Denoiser:
        fitting = FittingDenoiser(model.denoiser(conditioning, settings), ladder)
        if drawing.tile is None:
            return fitting
        return TiledDenoiser(fitting, drawing.tile, Wrap.of(request.seamless), settings.window)

    follow = FollowingDenoiser(begin, scripts, steps.start + 1)
    denoise = drawing.keeping(follow)
    sigmas = drawing.sigmas[steps.start : steps.stop + 1]
    pacer = PreviewPacer(decoder=drawing.decoder, framed=drawing.framed)
    began = time.perf_counter()
    for step in find_sampler(request.sampling.sampler)(denoise, latents, sigmas, drawing.noise):
        latents = step.latents
        follow.step = steps.start + step.done + 1
        ladder.step_took(time.perf_counter() - began)
        drawing.pace.calls_made += counted.weight
        yield Progress(
            step=counted.before + steps.start + step.done - drawing.first_step,
            steps=counted.in_all,
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


def denoiser_settings(
    request: ResolvedRequest, beginning: Beginning | None = None, tile: int | None = None
) -> DenoiserSettings:
    """What the denoising network is told by a request and the picture that it begins with.

    A tile is told as a whole picture of its own size: so networks learned most of what they saw.

    Args:
        request: What is drawn.
        beginning: The picture that it begins with.
        tile: Pixels along a side of what is seen at once; None for the whole picture.
    """
    height, width = request.size.height, request.size.width
    high, wide = seen_at_once(height, width, tile)
    return DenoiserSettings(
        cfg_scale=request.sampling.cfg_scale,
        width=wide,
        height=high,
        guidance=request.sampling.guidance,
        cfg_rescale=request.sampling.cfg_rescale,
        terminal_noise=request.sampling.terminal_noise,
        wrap=wrap_of_tile(Wrap.of(request.seamless), height, width, tile),
        masked=beginning and beginning.masked,
    )


def _previews(step: Step, model: Model, batch: Batch, pacer: PreviewPacer) -> Iterator[Event]:
    if pacer.due():
        jpegs = pacer.make(step.clean, model.latent_format)
        for index, jpeg in zip(batch.indices, jpegs, strict=True):
            yield Preview(index=index, jpeg=jpeg)
