"""The story of a training, from pictures to a LoRA."""

import time
from collections.abc import Generator, Iterator

from backend.engine.context import Context
from backend.engine.residency import Residency
from backend.engine.training.breaking import SETTLED, stop_if_broken
from backend.engine.training.cache import EncodingCache
from backend.engine.training.disk import look_ahead
from backend.engine.training.examples import Encoding
from backend.engine.training.keeping import Checkpoints, Reached
from backend.engine.training.ladder import LearningLadder
from backend.engine.training.learning import Learned, Learning
from backend.engine.training.lying import Lying
from backend.engine.training.reporting import Report
from backend.engine.training.rounds import Rounds
from backend.schema.errors import ExplodedError
from backend.schema.events import Event, Finished, Stage
from backend.schema.training import ResolvedTraining
from backend.training.board import EventLog
from backend.training.folder import TrainingFolder

_SMOOTH = 0.02


def train(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Learn from pictures; goes on where an earlier run of the same job was saved.

    Args:
        request: A `ResolvedTraining` as JSON.
        context: The job's surroundings.

    Raises:
        ModelError: When the checkpoint is missing or broken.
        NotFoundError: When a picture is gone.
        TrainingError: When the checkpoint is of a family that cannot learn.
        ExplodedError: When numbers overflow, or the loss rises to many times what it was.
        OutputError: When the disk is full; what was saved before is kept.
    """
    wanted = ResolvedTraining.model_validate(request)
    residency = context.keep("residency", Residency)
    lying = Lying.of(wanted.model, wanted.way, residency)
    model = yield from lying.load()
    cache = EncodingCache(context.places.data / "training" / "encoded")
    examples = yield from Encoding(model, wanted, cache).examples()
    learning = Learning.of(model, wanted, examples)
    folder = TrainingFolder.of(context.places, wanted.id)
    checkpoints = Checkpoints(folder.path)
    reached = checkpoints.load(learning.remembering)
    folder.forget_after(reached.step)
    yield from look_ahead(wanted, learning.learners, reached.step, folder.path)
    log = EventLog.after(folder)
    rounds = Rounds(learning, folder, checkpoints, log, context, reached.step)
    reached = yield from _steps(lying, reached, rounds)
    path = yield from rounds.finish(reached)
    yield Finished(sentence=f"{path.name} is in the folder of LoRAs.")


def _steps(lying: Lying, reached: Reached, rounds: Rounds) -> Generator[Event, None, Reached]:
    """Take all steps that are left, saving now and then, and where the job is ended early."""
    learning = rounds.learning
    steps = learning.wanted.asked.learning.steps
    ladder = LearningLadder(lying)
    report = Report(rounds.folder, rounds.log, steps)
    yield from rounds.look(reached)
    yield Stage(sentence="Learning")
    try:
        while reached.step < steps:
            began = time.perf_counter()
            learned = yield from ladder.step(learning, reached.step)
            reached = _after(reached, learned)
            seconds = time.perf_counter() - began
            yield from report.after(reached, learned, seconds)
            stop_if_broken(learning, reached, rounds.folder)
            yield from rounds.keep_if_due(reached)
            yield from rounds.look(reached)
    except ExplodedError:
        rounds.give_up(reached)
        raise
    finally:
        rounds.keep(reached)
    return reached


def _after(reached: Reached, learned: Learned) -> Reached:
    step, smooth, lowest = reached.step + 1, learned.loss, reached.lowest_average
    if reached.step:
        smooth = reached.average_loss + _SMOOTH * (learned.loss - reached.average_loss)
    if step >= SETTLED:
        lowest = smooth if lowest is None else min(lowest, smooth)
    return Reached(step, smooth, lowest)
