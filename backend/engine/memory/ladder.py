"""What is done when memory runs out: one thing after the other, each tried once, until it fits."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from backend.engine.accelerator import choose_device, free_bytes, free_memory
from backend.engine.failures import is_out_of_memory
from backend.engine.memory.means import Load, Means
from backend.engine.memory.rungs import RUNGS, Phase, Rung
from backend.engine.memory.spill import SpillWatch
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, Warned
from backend.schema.sizes import readable_bytes

T = TypeVar("T")
_WORDS: dict[Phase, str] = {
    "load": "the model was loaded",
    "read": "the prompt was read",
    "encode": "a picture was encoded",
    "draw": "the picture was drawn",
    "decode": "the picture was decoded",
}


@dataclass
class Lessons:
    """What helped before, for each device and model, as long as the engine lives."""

    _learned: dict[tuple[str, str], tuple[int, Means]] = field(
        default_factory=dict[tuple[str, str], tuple[int, Means]]
    )

    def recall(self, model: str, load: Load) -> Means:
        """How to begin; as if there was room where no picture as small as this ran out of it."""
        area, means = self._learned.get((str(choose_device()), model), (0, Means()))
        return means if load.area >= area else Means()

    def learn(self, model: str, load: Load, means: Means) -> None:
        """Remember what it took, if anything."""
        if means == Means():
            return
        key = (str(choose_device()), model)
        area, _ = self._learned.get(key, (load.area, means))
        self._learned[key] = (min(area, load.area), means)


@dataclass
class Ladder:
    """One job's way down; whatever runs out of memory is tried again on each rung."""

    load: Load
    means: Means
    free: Callable[[], None]
    """Lets go of what this job does not need."""
    changed: Callable[[Means], None] = field(default=lambda _: None)
    """Told of new means, so that the model in use takes to them."""
    spill: SpillWatch | None = None
    """Where the driver lets memory overflow instead of refusing it."""
    _tried: set[tuple[Phase, Rung]] = field(default_factory=set[tuple[Phase, Rung]])
    _news: list[Warned] = field(default_factory=list[Warned])

    @property
    def stepped(self) -> bool:
        """Whether anything had to be done."""
        return bool(self._tried)

    def news(self) -> Generator[Event]:
        """What was done since the last call, for the person."""
        while self._news:
            yield self._news.pop(0)

    def attempt(self, phase: Phase, call: Callable[[], T]) -> T:
        """Call until it fits; see `news`.

        Raises:
            OutOfMemoryError: When nothing helps.
        """
        while True:
            try:
                return call()
            except (RuntimeError, MemoryError) as error:
                words = _out_of_memory(error)
            self._step_down(phase, words)

    def attempts(
        self, phase: Phase, begin: Callable[[], Generator[Event, None, T]]
    ) -> Generator[Event, None, T]:
        """The same for work that tells events; it begins anew each time.

        Raises:
            OutOfMemoryError: When nothing helps.
        """
        while True:
            try:
                return (yield from begin())
            except (RuntimeError, MemoryError) as error:
                words = _out_of_memory(error)
            self._step_down(phase, words)
            yield from self.news()

    def step_took(self, seconds: float) -> None:
        """Hear how long a step of drawing took; one that overflowed takes many times as long."""
        if self.spill is not None and self.spill.noticed(seconds):
            self._lighten("draw", "The card's memory overflowed into the machine's, which is slow")

    def _step_down(self, phase: Phase, words: str) -> None:
        """Take the next rung that helps. By now nothing holds what the failed call had made."""
        if not self._lighten(phase, f"The memory was full when {_WORDS[phase]}"):
            raise _nothing_helps(phase, words)

    def _lighten(self, phase: Phase, why: str) -> bool:
        """Take the next rung that changes something, and say so; False where none is left."""
        self.free()
        free_memory()
        for rung in RUNGS:
            if phase not in rung.phases or (phase, rung) in self._tried:
                continue
            self._tried.add((phase, rung))
            means = rung.change(self.means, self.load)
            if means is not None:
                self.means = means
                self.changed(means)
                self._news.append(Warned(sentence=f"{why}, so {rung.sentence}."))
                return True
        return False


def _out_of_memory(error: RuntimeError | MemoryError) -> str:
    """The error's words.

    Raises:
        RuntimeError: The error itself, where it is another one.
    """
    if not is_out_of_memory(error):
        raise error
    return str(error)


def _nothing_helps(phase: Phase, words: str) -> OutOfMemoryError:
    needed, free = _asked_for(words), free_bytes(choose_device())
    more = f"It needed {readable_bytes(needed)} more, and " if needed else "At the end "
    return OutOfMemoryError(
        f"The memory was full when {_WORDS[phase]}. {more}{readable_bytes(free)} were free.",
        "Make the picture smaller, end other programs, or choose a smaller model.",
        needed_bytes=needed,
        free_bytes=free,
    )


_UNITS = {"bytes": 1, "K": 2**10, "M": 2**20, "G": 2**30}
"""As CUDA's (KiB) and Apple's (KB) messages begin them; both count in powers of two."""


def _asked_for(words: str) -> int:
    """How many bytes could not be had, as torch tells; 0 where it does not."""
    found = re.search(r"[Tt]ried to allocate ([\d.]+) (bytes|K|M|G)", words)
    return int(float(found[1]) * _UNITS[found[2]]) if found else 0
