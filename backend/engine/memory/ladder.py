"""What is done when memory runs out: one thing after the other, each tried once, until it fits."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Literal, Self, TypeVar

from backend.engine.accelerator import choose_device, free_bytes, free_memory
from backend.engine.failures import is_out_of_memory
from backend.memory.estimate import TILES
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, Warned
from backend.schema.generation import ResolvedRequest
from backend.schema.sizes import readable_bytes

T = TypeVar("T")
LATENT = 8
"""Pixels along one side of a latent, in every family."""
Phase = Literal["load", "read", "draw", "decode"]
_WORDS: dict[Phase, str] = {
    "load": "the model was loaded",
    "read": "the prompt was read",
    "draw": "the picture was drawn",
    "decode": "the picture was decoded",
}


@dataclass(frozen=True)
class Means:
    """How a job uses memory: the more is given here, the less it takes and the longer."""

    tile: int | None = None
    """Latents along a side of what is decoded at once; None for the whole picture."""
    pictures: int | None = None
    """How many are drawn at once at most; None for the whole batch."""


@dataclass(frozen=True)
class Load:
    """What a job draws, as far as it decides about memory."""

    width: int
    """Of a picture, in latents."""
    height: int
    pictures: int
    """In a batch."""

    @classmethod
    def of(cls, request: ResolvedRequest) -> Self:
        """What a request draws."""
        size = request.size
        width, height = size.width // LATENT, size.height // LATENT
        return cls(width, height, request.batch.size)

    @property
    def area(self) -> int:
        """Of a picture, in latents."""
        return self.width * self.height


Change = Callable[[Means, Load], Means | None]
"""Makes a job take less memory; None where this cannot."""


@dataclass(frozen=True)
class Rung:
    """One thing to do."""

    phases: frozenset[Phase]
    """When it helps."""
    change: Change
    sentence: str
    """What was done, for the person."""


def _as_it_was(means: Means, load: Load) -> Means:
    """What the job does stays; freeing memory was what helps."""
    del load
    return means


def _tiles_of(side: int) -> Change:
    def change(means: Means, load: Load) -> Means | None:
        longest = means.tile or max(load.width, load.height)
        return replace(means, tile=side) if side < longest else None

    return change


def _at_once(share: float) -> Change:
    def change(means: Means, load: Load) -> Means | None:
        now = means.pictures or load.pictures
        fewer = max(1, int(load.pictures * share))
        return replace(means, pictures=fewer) if fewer < now else None

    return change


RUNGS: tuple[Rung, ...] = (
    Rung(
        frozenset({"load", "read", "draw", "decode"}),
        _as_it_was,
        "what earlier pictures had left in it was freed",
    ),
    *(
        Rung(frozenset({"decode"}), _tiles_of(side), "the picture is decoded in tiles")
        for side in TILES
    ),
    # The next placement of the model's parts comes here.
    Rung(frozenset({"draw"}), _at_once(1 / 2), "half of the pictures are drawn at the same time"),
    Rung(frozenset({"draw"}), _at_once(0), "the pictures are drawn one after the other"),
)


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
    _tried: set[tuple[Phase, Rung]] = field(default_factory=set[tuple[Phase, Rung]])
    _news: list[Warned] = field(default_factory=list[Warned])

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

    def _step_down(self, phase: Phase, words: str) -> None:
        """Take the next rung that helps. By now nothing holds what the failed call had made."""
        self.free()
        free_memory()
        for rung in RUNGS:
            if phase not in rung.phases or (phase, rung) in self._tried:
                continue
            self._tried.add((phase, rung))
            means = rung.change(self.means, self.load)
            if means is not None:
                self.means = means
                sentence = f"The memory was full when {_WORDS[phase]}, so {rung.sentence}."
                self._news.append(Warned(sentence=sentence))
                return
        raise _nothing_helps(phase, words)


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
