"""The routes of the Train tab; what they draw is HTML as a JSON string."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor, Role
from ui.fragments import Fragments
from ui.training.groups import goals, groups, rates

Who = Annotated[Actor, Depends(actor_of)]


def training_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/training`; trainings themselves are asked of `/api/trainings`."""
    router = APIRouter(prefix="/page/training")
    fragments = Fragments()

    @router.get("")
    def panel(actor: Who) -> str:
        if actor.role is not Role.OWNER:
            return fragments.draw("training/guest", {})
        values = {
            "checkpoints": studio.training.teachable(actor),
            "goals": goals(),
            "groups": groups(),
            "rates": rates(),
        }
        return fragments.draw("training/panel", values)

    return router
