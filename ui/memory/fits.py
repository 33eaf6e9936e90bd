"""Whether a model of the picker fits, at the size that it draws best."""

from typing import Literal

from backend.api.verbs import Memory
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo
from backend.schema.errors import ModelError, RequestError
from backend.schema.generation import GenerationRequest, ModelSettings
from backend.schema.jobs import Actor
from backend.schema.memory import PlanRequest, PlanView

PlanState = Literal["full", "slower", "over"]
"""At full speed, with less on the device, or not at all."""
_NOTICED = 1.015
"""A smaller slow-down is none to a person."""
_WORDS: dict[PlanState, str] = {"full": "Fits", "slower": "Fits, slower", "over": "Does not fit"}


class Fit(Frozen):
    """A badge."""

    state: PlanState
    words: str
    sentence: str
    """The plan at the model's usual size."""


def state_of(view: PlanView) -> PlanState:
    """What a plan comes to."""
    if not view.fits:
        return "over"
    return "full" if view.slow_down < _NOTICED else "slower"


def fit_of(memory: Memory, actor: Actor, info: CheckpointInfo) -> Fit | None:
    """The badge of a model with the memory that is free now; None where it cannot draw by itself.

    A plan takes one or two milliseconds, so that nothing has to be kept that could be outdated.
    """
    if info.problem or info.refiner:
        return None
    request = GenerationRequest(model=ModelSettings(checkpoint=info.id))
    try:
        view = memory.plan(actor, PlanRequest(generation=request))
    except (ModelError, RequestError):  # its details say what is wrong
        return None
    state = state_of(view)
    size = f"{info.defaults.width} × {info.defaults.height}"
    sentence = f"At {size}: {view.sentence[:1].lower()}{view.sentence[1:]}"
    return Fit(state=state, words=_WORDS[state], sentence=sentence)
