"""Pictures that show how far a training is: the same prompts and seeds, drawn as it is now."""

import io
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial

from PIL import Image

from backend.engine.batches import remaining_batches
from backend.engine.context import Context
from backend.engine.pace import plan_pace
from backend.engine.run import draw_all
from backend.engine.training.learning import Learning
from backend.engine.work import Work
from backend.outputs.writing import write_atomically
from backend.schema.errors import EaselError, OutputError
from backend.schema.events import Event, Stage, Warned
from backend.schema.memory_settings import MemorySettings
from backend.schema.resolved import ResolvedRequest
from backend.schema.training import ResolvedTraining
from backend.schema.training_way import LearningWay
from backend.training.folder import TrainingFolder


def show(
    learning: Learning, step: int, folder: TrainingFolder, context: Context
) -> Iterator[Event]:
    """Draw those sample pictures of a step that are not there yet.

    Args:
        learning: The training; at step 0 its paths say nothing, so that is the checkpoint alone.
        step: How many were taken.
        folder: Where they go.
        context: The job's surroundings.

    Raises:
        OutputError: When the disk refuses one.
    """
    samples = learning.wanted.samples
    for place, sample in enumerate(samples):
        path = folder.sample_of(step, place)
        if path.exists():
            continue
        stage = Stage(sentence=f"Drawing sample {place + 1} of {len(samples)}")
        request = _lying_as_it_learns(sample, learning.wanted)
        try:
            picture = yield from _walked(learning, _drawn(request, context), stage)
        except OutputError:
            raise
        except EaselError as error:
            yield Warned(sentence=f"Step {step} has no sample pictures: {error.sentence}")
            return
        content = io.BytesIO()
        picture.save(content, "PNG")
        write_atomically(path, content.getvalue())


def _lying_as_it_learns(sample: ResolvedRequest, wanted: ResolvedTraining) -> ResolvedRequest:
    """A sample that is short of memory must not narrow the weights beside which it is learned."""
    way = wanted.way or LearningWay()
    settings = MemorySettings(
        placement="group" if way.placement == "group" else None,
        precision="fp8" if way.storage == "fp8" else "exact",
    )
    memory = sample.memory.model_copy(update={"settings": settings})
    return sample.model_copy(update={"model": wanted.model, "memory": memory})


def _drawn(request: ResolvedRequest, context: Context) -> Generator[Event, None, Image.Image]:
    """One picture, as any other is drawn."""
    own = replace(context, job=f"{context.job}-sample", slots={})
    work = Work.at_hand(request, plan_pace(request, 1), own)
    (batch,) = remaining_batches(request, frozenset())
    latents = yield from draw_all(work, batch)
    decoding = partial(work.decoded, request.model, latents[0], 0)
    return (yield from work.ladder.attempts("decode", decoding))


def _walked(
    learning: Learning, drawing: Generator[Event, None, Image.Image], stage: Stage
) -> Generator[Event, None, Image.Image]:
    """Let something be drawn with what was learned; between its events all is as it was.

    Its own events tell how far the picture is; the training's are not to be mixed up with them.
    """
    try:
        while True:
            with learning.shown.walked():
                next(drawing)
            yield stage
    except StopIteration as end:
        return end.value
    finally:
        drawing.close()
