"""The routes of ControlNet on the page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.control_settings import UNITS
from backend.schema.jobs import Actor
from ui.control.offers import Offers, offers
from ui.fragments import Fragments

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=4096)]


def control_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/control`; all may use them. What is drawn is HTML as a JSON string."""
    router = APIRouter(prefix="/page/control")
    fragments = Fragments()

    @router.get("")
    def panel() -> str:
        return fragments.draw("control/panel", {"most": UNITS})

    @router.get("/tab")
    def tab() -> str:
        return fragments.draw("control/tab", {})

    @router.get("/offers")
    def choices(actor: Who, checkpoint: Name = "") -> Offers:
        return offers(studio, actor, checkpoint)

    return router
