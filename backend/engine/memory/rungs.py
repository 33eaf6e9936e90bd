"""What can be done when memory runs out, in the order in which it is tried."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from backend.engine.memory.means import Load, Means
from backend.memory.estimate import TILES
from backend.schema.memory_settings import Placement

Phase = Literal["load", "read", "encode", "draw", "decode"]
_ALL: frozenset[Phase] = frozenset({"load", "read", "encode", "draw", "decode"})
_WITH_TILES: tuple[Phase, ...] = ("encode", "decode")
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
        Rung(frozenset({phase}), _tiles_of(side), f"the picture is {phase}d in tiles")
        for phase in _WITH_TILES
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
