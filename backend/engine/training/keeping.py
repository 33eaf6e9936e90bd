"""Checkpoints of a training: whole or not there, so that it goes on exactly where it was."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch.optim import Optimizer

from backend.engine.training.learners import Learners
from backend.engine.training.optimisers import counted, remember, remembered
from backend.outputs.writing import write_atomically

_PATHS, _AVERAGE = "paths.safetensors", "average.safetensors"
_OPTIMISER, _COUNTED, _STATE = "optimiser.safetensors", "optimiser.json", "state.json"


@dataclass(frozen=True)
class Reached:
    """How far a training is; chance follows from the step alone."""

    step: int = 0
    """How many steps are done."""
    average_loss: float = 0.0
    """Smoothed, for the person."""
    lowest_average: float | None = None
    """The lowest so far; None while it says nothing yet."""


@dataclass(frozen=True)
class Remembering:
    """What has to be kept besides how far a training is, to go on exactly."""

    learners: Learners
    average: Learners | None
    """The moving average of what was learned; None where there is none."""
    optimiser: Optimizer

    def files(self) -> Iterator[tuple[str, bytes]]:
        """All of it, by the names of the files."""
        yield _PATHS, save(dict(self.learners.tensors()))
        if self.average:
            yield _AVERAGE, save(dict(self.average.tensors()))
        yield _OPTIMISER, save(dict(remembered(self.optimiser)))
        yield _COUNTED, json.dumps(counted(self.optimiser)).encode()

    def load(self, place: Path) -> None:
        """Go on with the files in a folder; nothing is changed where one of them is broken.

        Raises:
            OSError: When one is missing.
            ValueError: When one is broken.
            SafetensorError: When one is broken.
        """
        learned, momentum = load_file(place / _PATHS), load_file(place / _OPTIMISER)
        average = load_file(place / _AVERAGE) if self.average else None
        numbers = json.loads((place / _COUNTED).read_text())
        self.learners.load(learned)
        if self.average and average:
            self.average.load(average)
        remember(self.optimiser, momentum, numbers)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training, each a folder named after its step."""

    folder: Path

    def save(self, reached: Reached, remembering: Remembering) -> None:
        """Write a checkpoint; its last file is the one that makes it whole.

        Raises:
            OutputError: When it cannot be written.
        """
        place = self._place(reached.step)
        for name, content in remembering.files():
            write_atomically(place / name, content)
        write_atomically(place / _STATE, json.dumps(asdict(reached)).encode())

    def newest(self) -> Path | None:
        """The folder of the last whole one."""
        whole = (path.parent for path in self.folder.glob(f"step-*/{_STATE}"))
        return max(whole, default=None)

    def load(self, remembering: Remembering) -> Reached:
        """Go on from the last whole one; what cannot be read is passed over, and removed."""
        while (place := self.newest()) is not None:
            try:
                told = Reached(**json.loads((place / _STATE).read_text()))
                remembering.load(place)
            except (OSError, ValueError, TypeError, SafetensorError):
                shutil.rmtree(place, ignore_errors=True)
                continue
            return told
        return Reached()

    def _place(self, step: int) -> Path:
        return self.folder / f"step-{step:07d}"
