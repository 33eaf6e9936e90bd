"""What a step came to: a line of the training's history, and events for whoever watches."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.engine.memory.watch import PeakWatch
from backend.engine.training.keeping import Reached
from backend.engine.training.learning import Learned
from backend.schema.events import Event, Metric, Progress, Stage
from backend.schema.training_story import BANDS, Measured
from backend.training.board import EventLog
from backend.training.folder import TrainingFolder

_TOLD_SECONDS = 0.5
"""Between two reports to whoever watches; the history has every step."""


@dataclass
class Report:
    """Tells how a training goes; nothing that it does moves what is learned."""

    folder: TrainingFolder
    log: EventLog
    """For TensorBoard."""
    steps: int
    """In all."""
    _watch: PeakWatch = field(default_factory=PeakWatch)
    _taken: int = 0
    """How many steps this run took, and in how many seconds."""
    _seconds: float = 0.0
    _told: float = 0.0

    def after(self, reached: Reached, learned: Learned, seconds: float) -> Iterator[Event]:
        """Note a step.

        Args:
            reached: How far it is now.
            learned: What came of the step.
            seconds: That it took.
        """
        self._taken += 1
        self._seconds += seconds
        measured = self._measured(reached, learned, seconds)
        self.folder.tell(measured)
        self.log.add(measured)
        now = time.perf_counter()
        if now - self._told < _TOLD_SECONDS and reached.step < self.steps:
            yield Stage(sentence="Learning")
            return
        self._told = now
        yield from self._events(measured)

    def _measured(self, reached: Reached, learned: Learned, seconds: float) -> Measured:
        return Measured(
            step=reached.step,
            loss=learned.loss,
            average=reached.average_loss,
            bands=_bands(learned),
            rate=learned.rate,
            gradient=learned.gradient,
            seconds=seconds,
            memory=self._watch.most or 0,
        )

    def _events(self, measured: Measured) -> Iterator[Event]:
        left = self.steps - measured.step
        yield Progress(
            step=measured.step,
            steps=self.steps,
            batch=1,
            batches=1,
            seconds_left=self._seconds / self._taken * left,
        )
        for name, value in (
            ("loss", measured.loss),
            ("average_loss", measured.average),
            ("learning_rate", measured.rate),
            ("gradient", measured.gradient),
        ):
            yield Metric(name=name, step=measured.step, value=value)


def _bands(learned: Learned) -> tuple[float | None, ...]:
    """The mean loss of each band of noise levels; None where the step learned none of it."""
    losses: list[list[float]] = [[] for _ in range(BANDS)]
    for level, loss in learned.pictures:
        losses[min(BANDS - 1, int(level * BANDS))].append(loss)
    return tuple(sum(each) / len(each) if each else None for each in losses)
