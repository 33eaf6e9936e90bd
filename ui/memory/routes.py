"""The routes of what the page shows of memory; what they draw is HTML as a JSON string."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import ModelError, RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, Role
from backend.schema.memory import PlanRequest
from ui.fragments import Fragments
from ui.memory.freeing import freed
from ui.memory.panel import shown_state, shown_usual, usual_of
from ui.memory.plan import shown

Who = Annotated[Actor, Depends(actor_of)]


class Form(Frozen):
    """What the form holds, by dotted ids."""

    fields: dict[str, Scalar]


class DrawnPlan(Frozen):
    """HTML; empty where there is nothing to plan."""

    line: str = ""
    why: str = ""


def memory_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/memory`."""
    router = APIRouter(prefix="/page/memory")
    fragments = Fragments()

    @router.post("/plan")
    def plan(form: Form, actor: Who) -> DrawnPlan:
        try:
            request = GenerationRequest.from_fields(form.fields)
            view = studio.memory.plan(actor, PlanRequest(generation=request))
        except (RequestError, ModelError):  # Generate says what is wrong
            return DrawnPlan()
        values = dict(shown(view, request.batch.count))
        return DrawnPlan(line=fragments.draw("plan", values), why=fragments.draw("why", values))

    _panel(router, studio, fragments)
    return router


def _panel(router: APIRouter, studio: Verbs, fragments: Fragments) -> None:
    memory = studio.memory

    @router.get("")
    def panel(actor: Who) -> str:
        state = memory.state(actor)
        form = dict(shown_usual(memory.usual(actor), state))
        mine = actor.role is Role.OWNER
        return fragments.draw("memory", {**dict(shown_state(state)), **form, "mine": mine})

    @router.post("/free")
    def free(actor: Who) -> str:
        told = freed(studio.jobs, actor)
        return fragments.draw("held", dict(shown_state(memory.state(actor), told)))

    @router.post("/usual")
    def usual(form: dict[str, str], actor: Who) -> str:
        memory.set_usual(actor, usual_of(form, memory.usual(actor)))
        return "Kept. It counts for every picture whose own settings leave it to Easel."
