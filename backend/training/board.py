"""A training's numbers for TensorBoard, kept beside its history."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backend.schema.training_story import Measured, Validated
from backend.training.event_file import head, numbers
from backend.training.folder import TrainingFolder

FOLDER = "tensorboard"


@dataclass(frozen=True)
class EventLog:
    """The file that `tensorboard --logdir` shows; a disk that refuses it costs only the file."""

    path: Path

    @classmethod
    def after(cls, folder: TrainingFolder) -> "EventLog":
        """Write all that a training has told so far, in place of what was there."""
        place = folder.path / FOLDER
        log = cls(place / f"events.out.tfevents.{int(time.time())}.easel")
        with suppress(OSError):
            for old in place.glob("events.*"):
                old.unlink()
            place.mkdir(parents=True, exist_ok=True)
            log.path.write_bytes(head(time.time()))
        log.add(*folder.measured(), *folder.validated())
        return log

    def add(self, *told: Measured | Validated) -> None:
        """Add what was told."""
        now = time.time()
        with suppress(OSError), self.path.open("ab") as file:
            for each in told:
                file.write(numbers(each.step, dict(_named(each)), now))


def _named(told: Measured | Validated) -> Iterator[tuple[str, float]]:
    if isinstance(told, Validated):
        yield "validation/loss", told.loss
        return
    yield "loss/step", told.loss
    yield "loss/average", told.average
    for number, loss in enumerate(told.bands, 1):
        if loss is not None:
            yield f"loss by noise/{number} of {len(told.bands)}", loss
    yield "learning rate", told.rate
    yield "gradient", told.gradient
    yield "seconds a step", told.seconds
    if told.memory:
        yield "memory in GB", told.memory / 1e9
