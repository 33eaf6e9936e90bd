"""The story of one request, from words to files."""

import time
from collections.abc import Iterator, Mapping

from backend.engine.batches import remaining_batches
from backend.engine.context import Context, JobFunction
from backend.engine.registry import families
from backend.engine.residency import Residency
from backend.engine.sampling import plan_pace, sample
from backend.engine.saving import save
from backend.schema.events import Event, Metric, Stage
from backend.schema.generation import ResolvedRequest


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

    model = yield from context.keep("residency", Residency).load(wanted.model)
    seconds_before = model.clock.seconds
    yield Stage(sentence="Reading the prompt")
    conditioning = model.encode_prompts(wanted.prompt.positive, wanted.prompt.negative)

    for batch in batches:
        yield Stage(sentence="Drawing")
        context.slots["latents"] = yield from sample(model, conditioning, wanted, batch, pace)
        for place, index in batch.missing:
            yield Stage(sentence="Decoding")
            picture = model.decode(context.slots["latents"][place])
            yield from save(picture, wanted, index, context)

    in_models = model.clock.seconds - seconds_before
    yield Metric(name="seconds_in_models", step=0, value=in_models)
    yield Metric(name="seconds_total", step=0, value=time.perf_counter() - started)


KINDS: Mapping[str, JobFunction] = {"generate": generate}
