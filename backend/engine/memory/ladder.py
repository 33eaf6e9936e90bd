"""What is done when memory runs out: one thing after the other, each tried once, until it fits."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Literal, Self, TypeVar

from backend.engine.accelerator import choose_device, free_bytes, free_memory
from backend.engine.failures import is_out_of_memory
from backend.engine.memory.spill import SpillWatch
from backend.memory.estimate import TILES
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, Warned
from backend.schema.generation import ResolvedRequest
from backend.schema.memory import PlanView
from backend.schema.memory_settings import MemorySettings, Placement
from backend.schema.sizes import readable_bytes

T = TypeVar("T")
LATENT = 8
"""Pixels along one side of a latent, in every family."""
Phase = Literal["load", "read", "draw", "decode"]
_ALL: frozenset[Phase] = frozenset({"load", "read", "draw", "decode"})
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
    prompts_in_turn: bool = False
    """Whether the network reads one prompt after the other."""
    settings: MemorySettings = field(default_factory=MemorySettings)
    """What is decided for the plans of the models beside what the request says."""

    @classmethod
    def of(cls, planned: PlanView | None, load: "Load") -> Self:
        """As it is planned."""
        if planned is None:
            return cls()
        fewer = planned.pictures_at_once < load.pictures
        return cls(
            tile=planned.vae_tile,
            pictures=planned.pictures_at_once if fewer else None,
            prompts_in_turn=planned.prompts_at_once == 1 and load.prompts > 1,
        )


@dataclass(frozen=True)
class Load:
    """What a job draws, as far as it decides about memory."""

    width: int
    """Of a picture, in latents."""
    height: int
    pictures: int
    """In a batch."""
    prompts: int = 1
    """In a call of the network, where it reads all of them at once."""
    placement: Placement | None = None
    """Of the model's parts, as planned; None where nothing was planned."""
    exact: bool = False
    """Whether weights may not be kept in fewer bits."""

    @classmethod
    def of(cls, request: ResolvedRequest, planned: PlanView | None = None) -> Self:
        """What a request draws, and how it is planned."""
        size = request.size
        return cls(
            size.width // LATENT,
            size.height // LATENT,
            request.batch.size,
            prompts=2 if request.sampling.cfg_scale > 1 else 1,
            placement=None if planned is None else planned.placement,
            exact=request.memory.settings.precision is not None,
        )

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


_PLACEMENTS: tuple[Placement, ...] = ("resident", "model", "group", "leaf")


def _placed(placement: Placement) -> Change:
    def change(means: Means, load: Load) -> Means | None:
        now = means.settings.placement or load.placement
        if now is None or _PLACEMENTS.index(now) >= _PLACEMENTS.index(placement):
            return None
        settings = means.settings.model_copy(update={"placement": placement})
        return replace(means, settings=settings)

    return change


def _one_prompt(means: Means, load: Load) -> Means | None:
    if means.prompts_in_turn or load.prompts == 1:
        return None
    return replace(means, prompts_in_turn=True)


def _in_eight_bits(means: Means, load: Load) -> Means | None:
    if load.exact or load.placement is None or means.settings.precision:
        return None
    return replace(means, settings=means.settings.model_copy(update={"precision": "fp8"}))


RUNGS: tuple[Rung, ...] = (
    Rung(
        _ALL,
        _as_it_was,
        "what earlier pictures had left in it was freed",
    ),
    *(
        Rung(frozenset({"decode"}), _tiles_of(side), "the picture is decoded in tiles")
        for side in TILES
    ),
    Rung(_ALL, _placed("model"), "the parts of the model that do not work wait elsewhere"),
    Rung(_ALL, _placed("group"), "the model comes block by block"),
    Rung(_ALL, _placed("leaf"), "the model comes layer by layer"),
    Rung(frozenset({"draw"}), _at_once(1 / 2), "half of the pictures are drawn at the same time"),
    Rung(frozenset({"draw"}), _at_once(0), "the pictures are drawn one after the other"),
    Rung(frozenset({"draw"}), _one_prompt, "prompt and negative prompt are drawn in turn"),
    Rung(_ALL, _in_eight_bits, "weights are kept in eight bits, which changes it a little"),
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
    changed: Callable[[Means], None] = field(default=lambda _: None)
    """Told of new means, so that the model in use takes to them."""
    spill: SpillWatch | None = None
    """Where the driver lets memory overflow instead of refusing it."""
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
