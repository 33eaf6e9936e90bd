"""Memory over HTTP: plans, how full it is, what is usual, and freeing it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor
from backend.schema.memory import MemoryState, PlanRequest, PlanView
from backend.schema.memory_settings import UsualMemory

Who = Annotated[Actor, Depends(actor_of)]


def memory_router(studio: Verbs) -> APIRouter:
    """Routes that plan pictures and look after the memory."""
    router = APIRouter(prefix="/api/memory")

    @router.post("/plan")
    def plan(request: PlanRequest, actor: Who) -> PlanView:
        return studio.memory.plan(actor, request)

    @router.get("")
    def state(actor: Who) -> MemoryState:
        return studio.memory.state(actor)

    @router.post("/free", status_code=204)
    def free(actor: Who) -> None:
        studio.jobs.free_memory(actor)

    @router.get("/usual")
    def usual(actor: Who) -> UsualMemory:
        return studio.memory.usual(actor)

    @router.put("/usual", status_code=204)
    def set_usual(usual: UsualMemory, actor: Who) -> None:
        studio.memory.set_usual(actor, usual)

    return router
