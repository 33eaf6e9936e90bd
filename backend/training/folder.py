"""The folder of a training: its measures, sample pictures and checkpoints.

    begun.json              what was asked, and the job that works on it
    history.jsonl           a line for each step
    validation.jsonl        a line for each look at the pictures that were held back
    samples/0000250-1.png   the second prompt after 250 steps; 0000000 is the checkpoint alone
    tensorboard/            the same numbers, as TensorBoard reads them
    step-0000250/           a checkpoint; state.json, written last, makes it whole

A training that goes on from a checkpoint first takes away what was told of later steps.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from backend.outputs.writing import write_atomically
from backend.places import Places
from backend.schema.errors import NotFoundError
from backend.schema.training_story import Begun, Measured, SamplePicture, Validated

HISTORY = "history.jsonl"
WHOLE = "state.json"
"""The last file of a checkpoint."""
_SAMPLE = re.compile(r"(\d{7})-(\d+)\.png")
_CHECKPOINT = re.compile(r"step-(\d{7})")
_BEGUN = "begun.json"

Told = TypeVar("Told", bound=Measured | Validated)


@dataclass(frozen=True)
class TrainingFolder:
    """What is on the disk of one training."""

    path: Path

    @classmethod
    def of(cls, places: Places, training: str) -> "TrainingFolder":
        """The folder of a training by its id."""
        return cls(places.data / "training" / training)

    @classmethod
    def all(cls, places: Places) -> "tuple[TrainingFolder, ...]":
        """Those of all trainings that were begun."""
        return tuple(cls(path.parent) for path in (places.data / "training").glob(f"*/{_BEGUN}"))

    def begin(self, begun: Begun) -> None:
        """Note what is asked, or which job goes on with it.

        Raises:
            OutputError: When the disk refuses it.
        """
        write_atomically(self.path / _BEGUN, begun.model_dump_json().encode())

    def begun(self) -> Begun:
        """What was asked.

        Raises:
            NotFoundError: When there is no such training, or nobody can read it any more.
        """
        try:
            return Begun.model_validate_json((self.path / _BEGUN).read_bytes())
        except (OSError, ValidationError) as error:
            raise NotFoundError("There is no such training.", "Look at the list.") from error

    def measured(self) -> tuple[Measured, ...]:
        """What was told of all steps so far, in their order."""
        return tuple(_lines(self.path / HISTORY, Measured))

    def validated(self) -> tuple[Validated, ...]:
        """The losses of the pictures that were held back."""
        return tuple(_lines(self.path / "validation.jsonl", Validated))

    def tell(self, what: Measured | Validated) -> None:
        """Add a line; where the disk refuses it, the training goes on without."""
        with suppress(OSError):
            self.path.mkdir(parents=True, exist_ok=True)
            with self._file_of(type(what)).open("a", encoding="utf-8") as file:
                file.write(what.model_dump_json() + "\n")

    def forget_after(self, step: int) -> None:
        """Take away what was told of later steps, which are done again."""
        for kind in (Measured, Validated):
            kept = [told for told in _lines(self._file_of(kind), kind) if told.step <= step]
            lines = "".join(f"{told.model_dump_json()}\n" for told in kept)
            if self._file_of(kind).exists():
                write_atomically(self._file_of(kind), lines.encode())
        for sample in self.samples():
            if sample.step > step:
                self.sample(sample.file).unlink(missing_ok=True)

    def samples(self) -> tuple[SamplePicture, ...]:
        """The sample pictures, by step and prompt."""
        names = (path.name for path in sorted((self.path / "samples").glob("*.png")))
        found = (match for name in names if (match := _SAMPLE.fullmatch(name)))
        return tuple(
            SamplePicture(step=int(each[1]), place=int(each[2]), file=each[0]) for each in found
        )

    def sample(self, file: str) -> Path:
        """Where a sample picture of a name lies; the name is one of `samples`."""
        return self.path / "samples" / file

    def sample_of(self, step: int, place: int) -> Path:
        """Where the picture of a prompt goes after a step."""
        return self.sample(f"{step:07d}-{place}.png")

    def checkpoint(self, step: int) -> Path:
        """The folder of a checkpoint."""
        return self.path / f"step-{step:07d}"

    def kept(self) -> tuple[int, ...]:
        """The steps of all whole checkpoints, in their order."""
        names = (path.parent.name for path in self.path.glob(f"step-*/{WHOLE}"))
        return tuple(
            sorted(int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name)))
        )

    def prune(self, step: int) -> None:
        """Remove a checkpoint; half of one is none."""
        (self.checkpoint(step) / WHOLE).unlink(missing_ok=True)
        shutil.rmtree(self.checkpoint(step), ignore_errors=True)

    def remove(self) -> None:
        """Remove all that is told and kept of the training."""
        (self.path / _BEGUN).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def size_of(self, step: int) -> int:
        """What a checkpoint takes, in bytes."""
        return sum(path.stat().st_size for path in self.checkpoint(step).glob("*"))

    def _file_of(self, kind: type[Measured | Validated]) -> Path:
        return self.path / (HISTORY if kind is Measured else "validation.jsonl")


def _lines(path: Path, kind: type[Told]) -> Iterator[Told]:
    """All whole lines; a process that is killed may leave half of one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield kind.model_validate_json(line)
        except ValidationError:
            continue
