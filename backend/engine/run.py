"""The story of one request, from words to files."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PIL import Image
from torch import Tensor

from backend.engine.adapters.asked import asked
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.shelf import Shelf
from backend.engine.adapters.wearing import wearing
from backend.engine.batches import Batch, remaining_batches
from backend.engine.context import Context, JobFunction
from backend.engine.converting import convert
from backend.engine.families.base import Model
from backend.engine.families.decoding import decode
from backend.engine.families.tiny_decoder import TinyDecoder, TinyDecoders
from backend.engine.memory.ladder import Ladder, Lessons
from backend.engine.memory.latents import LatentStore
from backend.engine.memory.means import Load, Means
from backend.engine.memory.planning import Planner
from backend.engine.memory.spill import SpillWatch, spills_here
from backend.engine.memory.swap import SwapWatch
from backend.engine.memory.watch import PeakWatch
from backend.engine.prompts.caveats import caveats
from backend.engine.prompts.embeddings import load_embeddings
from backend.engine.prompts.reading import Reading
from backend.engine.prompts.scripts import Script, read_scripts
from backend.engine.registry import families
from backend.engine.residency import Residency
from backend.engine.sampling import Pace, begin, plan_pace, sample
from backend.engine.saving import save
from backend.engine.skipping import unless_skipped
from backend.schema.errors import ModelError
from backend.schema.events import Event, ImageReady, Metric, Stage, Warned
from backend.schema.resolved import ResolvedModel, ResolvedRequest


def prepare() -> None:
    """Import what every picture needs, before the first one is asked for."""
    families()


@dataclass(frozen=True)
class Work:
    """What a job has at hand."""

    wanted: ResolvedRequest
    pace: Pace
    residency: Residency
    ladder: Ladder
    planner: Planner
    drawn: LatentStore
    swap: SwapWatch
    shelf: Shelf
    decoders: TinyDecoders


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
    work = _at_hand(wanted, plan_pace(wanted, len(batches)), context)
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
        latents = yield from work.ladder.attempts("draw", partial(draw, work, batch))
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


def draw(work: Work, batch: Batch) -> Generator[Event, None, Tensor]:
    """Take all steps of one batch, the last of them with the refiner where there is one.

    Returns:
        Clean latents, shape (batch, channels, height, width).
    """
    wanted, ladder = work.wanted, work.ladder
    refiner = wanted.refiner and wanted.refiner.model
    adapters = yield from _adapters(work, batch)
    model = yield from _loaded(work, wanted.model, refiner)
    with wearing(model.workplace, adapters):
        scripts = yield from _read(work, batch, model)
        drawing = replace(
            begin(model, wanted, batch, work.pace),
            decoder=(yield from _decoder(work, batch, model)),
        )
        yield Stage(sentence="Drawing")
        first = range(drawing.refiner_begins)
        latents = yield from sample(model, scripts, drawing, drawing.start(), first, ladder)
    rest = range(first.stop, wanted.sampling.steps)
    if refiner is None or not rest:
        return latents
    del model, scripts  # the refiner may need their room
    model = yield from _loaded(work, refiner, wanted.model)
    with wearing(model.workplace, adapters if refiner.family == wanted.model.family else ()):
        scripts = yield from _read(work, batch, model)
        yield Stage(sentence="Refining")
        return (yield from sample(model, scripts, drawing, latents, rest, ladder))


def finish(work: Work, latents: Mapping[int, Tensor], context: Context) -> Iterator[Event]:
    """Decode and save the pictures of a batch.

    Args:
        work: What the job has at hand.
        latents: For each picture's index, shape (channels, height, width).
        context: The job's surroundings.
    """
    for index, latent in latents.items():
        decoding = partial(_decoded, work, latent, index)
        picture = yield from work.ladder.attempts("decode", decoding)
        for event in save(picture, work.wanted, index, context):
            yield event
            if isinstance(event, ImageReady):
                work.drawn.forget(index)


def _at_hand(wanted: ResolvedRequest, pace: Pace, context: Context) -> Work:
    residency = context.keep("residency", Residency)
    planner = Planner.here(wanted)
    planned = planner.plan(wanted.model)
    load = Load.of(wanted, planned)
    learned = context.keep("lessons", Lessons).recall(wanted.model.path, load)
    means = Means.of(planned, load) if learned == Means() else learned
    drawn = LatentStore(context.places.data / "latents", context.job)
    drawn.sweep()
    expected = planned.seconds_per_step if planned else None
    spill = SpillWatch(expected) if spills_here() else None
    ladder = Ladder(load, means, residency.free_others, spill=spill)
    swap = SwapWatch(residency.free_others)
    shelf = context.keep("adapters", Shelf)
    decoders = context.keep("preview decoders", TinyDecoders)
    return Work(wanted, pace, residency, ladder, planner, drawn, swap, shelf, decoders)


def _drawn_before(drawn: LatentStore, batch: Batch) -> dict[int, Tensor] | None:
    """The latents of all missing pictures of a batch; None where some are not there."""
    found = {index: drawn.find(index) for _, index in batch.missing}
    whole = {index: latent for index, latent in found.items() if latent is not None}
    return whole if len(whole) == len(found) else None


def _adapters(work: Work, batch: Batch) -> Generator[Event, None, tuple[Chosen, ...]]:
    """The adapters that a batch is drawn with; its pictures all ask for the same."""
    wanted = asked(work.wanted.prompt_of(batch.indices[0]))
    if wanted:
        yield Stage(sentence="Reading the LoRAs")
    return work.shelf.choose(wanted, work.wanted.loras)


def _decoder(work: Work, batch: Batch, model: Model) -> Generator[Event, None, TinyDecoder | None]:
    """What makes previews; none where there is none, or where it cannot be used."""
    if work.wanted.preview_decoder is None:
        return None
    path, channels = Path(work.wanted.preview_decoder), model.latent_format.channels
    try:
        return work.decoders.get(path, model.workplace.device, channels)
    except ModelError as error:
        if batch.number == 1:
            yield Warned(sentence=f"Previews are rough: {error}")
        return None


def _read(work: Work, batch: Batch, model: Model) -> Generator[Event, None, tuple[Script, ...]]:
    """The prompts of a batch as a model reads them."""
    yield Stage(sentence="Reading the prompt")
    prompts, steps = work.wanted.prompts_of(batch.indices), work.wanted.sampling.steps
    embeddings = load_embeddings(work.wanted.embeddings)
    how = Reading(embeddings, work.wanted.clip_skip)
    reading = partial(read_scripts, model, prompts, steps, how)
    scripts = work.ladder.attempt("read", reading)
    yield from work.ladder.news()
    yield from caveats(prompts, steps, model.deaf_to_weights, embeddings)
    return scripts


def _loaded(
    work: Work, which: ResolvedModel, partner: ResolvedModel | None = None
) -> Generator[Event, None, Model]:
    ladder, planner = work.ladder, work.planner

    def load() -> Generator[Event, None, Model]:
        settings = ladder.means.settings
        placing, room = planner.placing(which, settings), planner.room(which, settings)
        return work.residency.load(which, partner, placing, room)

    ladder.changed = _nobody
    model = yield from ladder.attempts("load", load)

    def fit(means: Means) -> None:
        model.workplace.want(planner.placing(which, means.settings))
        model.workplace.prompts_in_turn = means.prompts_in_turn

    fit(ladder.means)
    ladder.changed = fit
    return model


def _nobody(means: Means) -> None:
    """While a model is loaded, none is there to take to other means."""
    del means


def _decoded(work: Work, latent: Tensor, index: int) -> Generator[Event, None, Image.Image]:
    """The picture, by the autoencoder of the model that drew last."""
    refiner = work.wanted.refiner
    model = yield from _loaded(work, work.wanted.model if refiner is None else refiner.model)
    tile = work.ladder.means.tile
    return (yield from decode(model, latent.to(model.workplace.device), index, tile))


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


KINDS: Mapping[str, JobFunction] = {
    "generate": generate,
    "convert": convert,
    "upscale": upscale_picture,
}
