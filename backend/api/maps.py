"""Maps over HTTP: making them, and keeping them by name."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor, JobView
from backend.schema.maps import MapOffers, MapWish, NewSavedMap, SavedMap

Who = Annotated[Actor, Depends(actor_of)]


def map_router(studio: Verbs) -> APIRouter:
    """Routes that queue a map, tell what can make one, and keep maps."""
    router = APIRouter(prefix="/api/maps")

    @router.post("")
    def submit(wish: MapWish, actor: Who) -> JobView:
        return studio.maps.submit(actor, wish)

    @router.get("/jobs/{job}")
    def view(job: str, actor: Who) -> JobView:
        return studio.jobs.view(actor, job)

    @router.get("/offers")
    def offers(actor: Who) -> MapOffers:
        return studio.maps.offers(actor)

    @router.get("/saved")
    def saved(actor: Who) -> tuple[SavedMap, ...]:
        return studio.map_shelf.all(actor)

    @router.post("/saved")
    def keep(wanted: NewSavedMap, actor: Who) -> SavedMap:
        return studio.map_shelf.keep(actor, wanted)

    @router.get("/saved/{known}")
    def show(known: str, actor: Who) -> Response:
        return FileResponse(studio.map_shelf.file(actor, known), media_type="image/png")

    @router.post("/saved/{known}/use")
    def use(known: str, actor: Who) -> InputPicture:
        return studio.map_shelf.use(actor, known)

    @router.delete("/saved/{known}", status_code=204)
    def remove(known: str, actor: Who) -> None:
        studio.map_shelf.remove(actor, known)

    return router
