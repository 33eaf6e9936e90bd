"""The story of one request, from words to files."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial

from torch import Tensor

from backend.engine.adapters.wearing import wearing
from backend.engine.batches import Batch, remaining_batches
from backend.engine.context import Context, JobFunction
from backend.engine.converting import convert
from backend.engine.hires.story import drawn_larger
from backend.engine.memory.ladder import Lessons
from backend.engine.memory.latents import LatentStore
from backend.engine.memory.watch import PeakWatch
from backend.engine.pace import plan_pace
from backend.engine.registry import families
from backend.engine.sampling import begin, sample
from backend.engine.saving import save
from backend.engine.series.story import series
from backend.engine.skipping import unless_skipped
from backend.engine.work import Work
from backend.schema.events import Event, ImageReady, Metric, Stage
from backend.schema.resolved import ResolvedRequest


def prepare() -> None:
    """Import what every picture needs, before the first one is asked for."""
    families()


def generate(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Make every picture of the request; each one is on disk before the next batch begins.

    Args:
        request: A `ResolvedRequest` as JSON.
        context: The job's surroundings; pictures in `finished_indices` are not made again, and
            those that were drawn before and not saved are only decoded.

    Raises:
        ModelError: When the checkpoint is missing or broken.
        NotFoundError: When there is no such sampler, schedule or family.
        OutOfMemoryError: When it does not fit, whatever is done.
    """
    started = time.perf_counter()
    wanted = ResolvedRequest.model_validate(request)
    batches = remaining_batches(wanted, context.finished_indices)
    work = Work.at_hand(wanted, plan_pace(wanted, len(batches)), context)
    seconds_before = work.residency.seconds_in_models
    loads_before, watch = work.residency.loads, PeakWatch()

    whole = True
    for done, batch in enumerate(batches, 1):
        drawn = yield from unless_skipped(make(work, batch, context), batch, context.skipped)
        if drawn is None:
            leave(work, batch, context)
        whole = whole and drawn is True
        work.pace.plan(len(batches) - done)

    if whole:  # else it would say nothing of how long such pictures take
        in_models = work.residency.seconds_in_models - seconds_before
        yield Metric(name="seconds_in_models", step=0, value=in_models)
        if not work.ladder.stepped:
            loaded = work.residency.loads > loads_before
            yield from _peaks(work, None if loaded else watch.most)
    yield Metric(name="seconds_total", step=0, value=time.perf_counter() - started)
    yield from _what_it_took(work, context)


def make(work: Work, batch: Batch, context: Context) -> Generator[Event, None, bool]:
    """Draw and save one batch; tells whether it was drawn, or only decoded."""
    found = _drawn_before(work.drawn, batch)
    drawn = found is None
    if found is None:
        latents = yield from draw_all(work, batch)
        found = {index: latents[place] for place, index in batch.missing}
        for index, latent in found.items():
            work.drawn.keep(index, latent)
        del latents
    context.slots["latents"] = found
    yield from finish(work, found, context)
    yield from work.swap.news()
    return drawn


def leave(work: Work, batch: Batch, context: Context) -> None:
    """Let go of all that there is of a batch that was skipped."""
    context.slots.pop("latents", None)
    for _, index in batch.missing:
        work.drawn.forget(index)


def draw_all(work: Work, batch: Batch) -> Generator[Event, None, Tensor]:
    """Draw one batch, and again where it is to become larger; see `draw`."""
    hires = work.wanted.hires
    first = partial(draw, work, batch)
    if hires is None:
        return (yield from work.ladder.attempts("draw", first))
    as_it_is = work.wanted.steps_taken == 0 and hires.method != "latent"
    latents = None if as_it_is else (yield from work.ladder.attempts("draw", first))
    return (yield from drawn_larger(work, hires, batch, latents))


def draw(work: Work, batch: Batch) -> Generator[Event, None, Tensor]:
    """Take all steps of one batch, the last of them with the refiner where there is one.

    Returns:
        Clean latents, shape (batch, channels, height, width).
    """
    wanted, ladder = work.wanted, work.ladder
    refiner = wanted.refiner and wanted.refiner.model
    adapters = yield from work.adapters(batch)
    model = yield from work.loaded(wanted.model, refiner)
    with wearing(model.workplace, adapters):
        scripts = yield from work.read(batch, model)
        drawing = replace(
            begin(model, wanted, batch, work.pace),
            beginning=(yield from work.source.beginning(model, ladder)),
            decoder=(yield from work.decoder(batch, model)),
            framed=work.source.preview,
        )
        drawing = yield from work.controlled(wanted.model, model, drawing)
        first, latents = range(drawing.first_step, drawing.refiner_begins), drawing.start()
        if first:
            yield Stage(sentence="Drawing")
            latents = yield from sample(model, scripts, drawing, latents, first, ladder)
    rest = range(first.stop, wanted.sampling.steps)
    if refiner is None or not rest:
        return latents
    del model, scripts  # the refiner may need their room
    model = yield from work.loaded(refiner, wanted.model)
    with wearing(model.workplace, adapters if refiner.family == wanted.model.family else ()):
        scripts = yield from work.read(batch, model)
        drawing = yield from work.controlled(refiner, model, drawing)
        yield Stage(sentence="Refining")
        return (yield from sample(model, scripts, drawing, latents, rest, ladder))


def finish(work: Work, latents: Mapping[int, Tensor], context: Context) -> Iterator[Event]:
    """Decode and save the pictures of a batch.

    Args:
        work: What the job has at hand.
        latents: For each picture's index, shape (channels, height, width).
        context: The job's surroundings.
    """
    refiner = work.wanted.refiner
    last = work.wanted.model if refiner is None or work.wanted.hires else refiner.model
    for index, latent in latents.items():
        decoding = partial(work.decoded, last, latent, index)
        drawn = yield from work.ladder.attempts("decode", decoding)
        picture = work.source.finished(drawn)
        for event in save(picture, work.wanted, index, context):
            yield event
            if isinstance(event, ImageReady):
                work.drawn.forget(index)


def _drawn_before(drawn: LatentStore, batch: Batch) -> dict[int, Tensor] | None:
    """The latents of all missing pictures of a batch; None where some are not there."""
    found = {index: drawn.find(index) for _, index in batch.missing}
    whole = {index: latent for index, latent in found.items() if latent is not None}
    return whole if len(whole) == len(found) else None


def _peaks(work: Work, most: int | None) -> Iterator[Event]:
    """What was planned, and what it took; nothing is told of files that were read meanwhile."""
    planned = work.planner.plan(work.wanted.model)
    if planned is not None:
        yield Metric(name="planned_peak_bytes", step=0, value=planned.peak_bytes)
    if most is not None:
        yield Metric(name="peak_bytes", step=0, value=most)


def _what_it_took(work: Work, context: Context) -> Iterator[Event]:
    """Remember how it was made to fit, and tell it."""
    load, means = work.ladder.load, work.ladder.means
    if work.ladder.stepped:
        context.keep("lessons", Lessons).learn(work.wanted.model.path, load, means)
    if means.tile is not None:
        yield Metric(name="latents_in_a_tile", step=0, value=means.tile)
    if means.pictures is not None:
        yield Metric(name="pictures_at_once", step=0, value=means.pictures)


def upscale_picture(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Enlarge a picture; see `upscaling.upscale`, whose library few starts need at once."""
    from backend.engine.upscaling.upscale import upscale  # noqa: PLC0415

    yield from upscale(request, context)


def train_adapter(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Teach a checkpoint something new; see `training.story`, which few starts need at once."""
    from backend.engine.training.story import train  # noqa: PLC0415

    yield from train(request, context)


def caption_pictures(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Describe pictures in words; see `captioning.story`, which few starts need at once."""
    from backend.engine.captioning.story import caption  # noqa: PLC0415

    yield from caption(request, context)


def map_picture(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Make a map of a picture; see `control.story`, whose libraries few starts need at once."""
    from backend.engine.control.story import make  # noqa: PLC0415

    yield from make(request, context)


KINDS: Mapping[str, JobFunction] = {
    "generate": generate,
    "convert": convert,
    "series": partial(series, generate),
    "upscale": upscale_picture,
    "train": train_adapter,
    "caption": caption_pictures,
    "map": map_picture,
}
