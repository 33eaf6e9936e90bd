"""What a training does when memory runs out: the same step again, with less on the device."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from backend.engine.accelerator import choose_device, free_bytes, free_memory
from backend.engine.failures import is_out_of_memory
from backend.engine.training.learning import Learned, Learning
from backend.engine.training.lying import Lying
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, Warned
from backend.schema.sizes import readable_bytes


@dataclass
class LearningLadder:
    """One training's way down."""

    lying: Lying

    def step(self, learning: Learning, number: int) -> Generator[Event, None, Learned]:
        """Take a step, counted from 0, on one rung after the other until it fits.

        Chance follows from the number alone, so nothing of a step that failed is left.

        Raises:
            ExplodedError: When numbers overflow.
            OutOfMemoryError: When nothing helps.
        """
        while True:
            yield from self.lying.hold(learning.learners.model)
            try:
                way = self.lying.way
                return replace(learning, twice=way.twice, alone=way.alone).step(number)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            learning.optimiser.zero_grad()
            yield self._step_down()

    def _step_down(self) -> Warned:
        """Take the next rung. By now nothing holds what the failed step had made."""
        self.lying.residency.free_others()
        free_memory()
        found = self.lying.lighter()
        if found is None:
            free = readable_bytes(free_bytes(choose_device()))
            raise OutOfMemoryError(
                f"The memory was full while it learned; at the end {free} were free.",
                "Choose a smaller batch or resolution, or end other programs. It can go on from "
                "the last checkpoint.",
            )
        self.lying, words = found
        return Warned(sentence=f"The memory was full while it learned, so {words}.")
