"""What is due after some steps: a checkpoint, its LoRA, a look at held-back pictures, samples."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.engine.context import Context
from backend.engine.training.keeping import Checkpoints, Reached
from backend.engine.training.learning import Learning
from backend.engine.training.showing import show
from backend.engine.training.validating import validation_loss
from backend.engine.training.writing import lora_file
from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError
from backend.schema.events import Event, Metric, Warned
from backend.schema.training_story import LORA_BYTES, Validated
from backend.training.board import EventLog
from backend.training.folder import TrainingFolder
from backend.training.loras import lora_file_of


@dataclass
class Rounds:
    """Does what is due, and nothing twice; nothing of it moves what is learned."""

    learning: Learning
    folder: TrainingFolder
    checkpoints: Checkpoints
    log: EventLog
    """For TensorBoard."""
    context: Context
    saved: int
    """The step of the last checkpoint."""

    def keep_if_due(self, reached: Reached) -> Iterator[Event]:
        """Write a checkpoint where it is time, or all is done."""
        asked = self.learning.wanted.asked
        last = reached.step == asked.learning.steps
        if last or reached.step % asked.save_every == 0:
            self.keep(reached)
        if not last and self.saved == reached.step:
            yield self._wrote(reached)

    def keep(self, reached: Reached) -> None:
        """Write a checkpoint, and before the end its LoRA as well, so that it can be used at once.

        Raises:
            OutputError: When the disk refuses them.
        """
        if self.saved == reached.step:
            return
        self.checkpoints.save(reached, self.learning.remembering)
        self.saved = reached.step
        if reached.step < self.learning.wanted.asked.learning.steps:
            self._write(reached)

    def give_up(self, reached: Reached) -> None:
        """Keep nothing of what was learned since the last checkpoint: it is broken."""
        self.saved = reached.step

    def finish(self, reached: Reached) -> Generator[Event, None, Path]:
        """Write the LoRA that is the whole point.

        Raises:
            OutputError: When the disk refuses it.
        """
        self._write(reached)
        yield self._wrote(reached)
        yield from self._copied(self._file(reached))
        return self._file(reached)

    def look(self, reached: Reached) -> Iterator[Event]:
        """Look at held-back pictures and draw samples, where it is time and not done yet."""
        asked, step = self.learning.wanted.asked, reached.step
        last = step == asked.learning.steps
        if last or step % asked.save_every == 0:
            yield from self._validate(step)
        if asked.samples.every and (last or step % asked.samples.every == 0):
            yield from show(self.learning, step, self.folder, self.context)

    def _validate(self, step: int) -> Iterator[Event]:
        if any(each.step == step for each in self.folder.validated()):
            return
        loss = yield from validation_loss(self.learning)
        if loss is not None:
            told = Validated(step=step, loss=loss)
            self.folder.tell(told)
            self.log.add(told)
            yield Metric(name="validation_loss", step=step, value=loss)

    def _copied(self, path: Path) -> Iterator[Event]:
        """Put a copy where a person wants one; a folder that cannot be written costs only that."""
        export = self.learning.wanted.asked.file.export
        if not export:
            return
        try:
            write_atomically(Path(export).expanduser() / path.name, path.read_bytes())
        except OutputError as error:
            yield Warned(sentence=f"There is no copy: {error}")

    def _file(self, reached: Reached) -> Path:
        return lora_file_of(self.context.places, self.learning.wanted, reached.step)

    def _wrote(self, reached: Reached) -> Metric:
        size = self._file(reached).stat().st_size
        return Metric(name=LORA_BYTES, step=reached.step, value=size)

    def _write(self, reached: Reached) -> None:
        samples = [each for each in self.folder.samples() if 0 < each.step <= reached.step]
        newest = max((each.step for each in samples), default=0)
        sample = next((each for each in samples if each.step == newest), None)
        preview = self.folder.sample(sample.file) if sample else None
        shown = self.learning.shown
        content = lora_file(self.learning.wanted, shown, reached.step, preview)
        write_atomically(self._file(reached), content)
