"""Whether a model fits, at the size that it draws best."""

from typing import Literal

from backend.api.verbs import Memory
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo
from backend.schema.errors import ModelError, RequestError
from backend.schema.generation import GenerationRequest, ModelSettings
from backend.schema.jobs import Actor
from backend.schema.memory import PlanRequest, PlanView
from backend.schema.models import Family
from backend.schema.sizes import readable_bytes

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
    size = f"{info.defaults.width} × {info.defaults.height}"
    return badge(view, f"At {size}:")


def fit_of_size(memory: Memory, actor: Actor, family: Family, size: int | None) -> Fit | None:
    """The badge of a model that is not here, from its family and its file's bytes.

    None where it draws nothing by itself, or too little is known of it.
    """
    view = memory.plan_unseen(actor, family, size) if size else None
    return badge(view, f"{family.label}, {readable_bytes(size)},") if view and size else None


def badge(view: PlanView, what: str) -> Fit:
    """The badge of a plan; `what` begins its sentence."""
    state = state_of(view)
    sentence = f"{what} {view.sentence[:1].lower()}{view.sentence[1:]}"
    return Fit(state=state, words=_WORDS[state], sentence=sentence)
