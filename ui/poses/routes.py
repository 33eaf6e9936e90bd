"""The route of the pose editor; what it draws is HTML as a JSON string."""

from fastapi import APIRouter

from ui.fragments import Fragments


def pose_routes() -> APIRouter:
    """Its one route; what it shows and keeps goes over `/api/poses`."""
    router = APIRouter()
    fragments = Fragments()

    @router.get("/page/pose")
    def markup() -> str:
        return fragments.draw("pose", {})

    return router
