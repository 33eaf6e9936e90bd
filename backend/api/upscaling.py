"""Enlarging pictures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor, JobView
from backend.schema.upscaling import UpscaleRequest, UpscalerOffers

Who = Annotated[Actor, Depends(actor_of)]


def upscaling_router(studio: Verbs) -> APIRouter:
    """Routes that queue an enlargement, and tell what can be chosen for it."""
    router = APIRouter(prefix="/api/upscaling")

    @router.post("")
    def submit(request: UpscaleRequest, actor: Who) -> JobView:
        return studio.upscaling.submit(actor, request)

    @router.get("/offers")
    def offers(picture: str, actor: Who) -> UpscalerOffers:
        return studio.upscaling.offers(actor, picture)

    return router
