"""The story of one request, from words to files."""

import time
from collections.abc import Generator, Iterator, Mapping

from torch import Tensor

from backend.engine.batches import Batch, remaining_batches
from backend.engine.context import Context, JobFunction
from backend.engine.converting import convert
from backend.engine.families.base import Conditioning, Model
from backend.engine.families.decoding import decode
from backend.engine.registry import families
from backend.engine.residency import Residency
from backend.engine.sampling import Pace, begin, plan_pace, sample
from backend.engine.saving import save
from backend.schema.events import Event, Metric, Stage
from backend.schema.generation import ResolvedModel, ResolvedRequest


def prepare() -> None:
    """Import what every picture needs, before the first one is asked for."""
    families()


def generate(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Make every picture of the request; each one is on disk before the next batch begins.

    Args:
        request: A `ResolvedRequest` as JSON.
        context: The job's surroundings; pictures in `finished_indices` are not made again.

    Raises:
        ModelError: When the checkpoint is missing or broken.
        NotFoundError: When there is no such sampler, schedule or family.
    """
    started = time.perf_counter()
    wanted = ResolvedRequest.model_validate(request)
    batches = remaining_batches(wanted, context.finished_indices)
    pace = plan_pace(wanted, len(batches))
    residency = context.keep("residency", Residency)
    seconds_before = residency.seconds_in_models

    for batch in batches:
        context.slots["latents"] = yield from draw(wanted, batch, pace, residency)
        model = yield from residency.load(_last_model(wanted))
        for place, index in batch.missing:
            picture = yield from decode(model, context.slots["latents"][place], index)
            yield from save(picture, wanted, index, context)
        del model  # the next batch may need its room

    in_models = residency.seconds_in_models - seconds_before
    yield Metric(name="seconds_in_models", step=0, value=in_models)
    yield Metric(name="seconds_total", step=0, value=time.perf_counter() - started)


def draw(
    wanted: ResolvedRequest, batch: Batch, pace: Pace, residency: Residency
) -> Generator[Event, None, Tensor]:
    """Take all steps of one batch, the last of them with the refiner where there is one.

    Returns:
        Clean latents, shape (batch, channels, height, width).
    """
    refiner = wanted.refiner and wanted.refiner.model
    model, conditioning = yield from _ready(wanted, wanted.model, residency, refiner)
    drawing = begin(model, wanted, batch, pace)
    yield Stage(sentence="Drawing")
    switch = drawing.refiner_begins
    start = drawing.start()
    latents = yield from sample(model, conditioning, drawing, start, range(switch))
    if refiner is None or switch == wanted.sampling.steps:
        return latents
    del model, conditioning  # the refiner may need their room
    model, conditioning = yield from _ready(wanted, refiner, residency, wanted.model)
    yield Stage(sentence="Refining")
    rest = range(switch, wanted.sampling.steps)
    return (yield from sample(model, conditioning, drawing, latents, rest))


def _ready(
    wanted: ResolvedRequest,
    which: ResolvedModel,
    residency: Residency,
    partner: ResolvedModel | None,
) -> Generator[Event, None, tuple[Model, Conditioning]]:
    """A model in memory, and the prompts as it reads them."""
    model = yield from residency.load(which, partner)
    yield Stage(sentence="Reading the prompt")
    return model, model.encode_prompts(wanted.prompt.positive, wanted.prompt.negative)


def _last_model(wanted: ResolvedRequest) -> ResolvedModel:
    """Whose autoencoder turns the latents into pictures: the model that is in memory then."""
    return wanted.model if wanted.refiner is None else wanted.refiner.model


KINDS: Mapping[str, JobFunction] = {"generate": generate, "convert": convert}
