"""Grids over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor, JobView
from backend.schema.series import SeriesPlan, SeriesRequest

Who = Annotated[Actor, Depends(actor_of)]


def series_router(studio: Verbs) -> APIRouter:
    """Routes that queue a series, and tell before what it would be."""
    router = APIRouter(prefix="/api/series")

    @router.post("")
    def submit(request: SeriesRequest, actor: Who) -> JobView:
        return studio.series.submit(actor, request)

    @router.post("/preview")
    def preview(request: SeriesRequest, actor: Who) -> SeriesPlan:
        return studio.series.preview(actor, request)

    return router
