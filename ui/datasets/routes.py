"""The route of the dataset's place; what it draws is HTML as a JSON string."""

from fastapi import APIRouter

from ui.fragments import Fragments


def dataset_routes() -> APIRouter:
    """The route `/page/dataset`; its code does the rest with `/api/datasets`."""
    router = APIRouter()
    fragments = Fragments()

    @router.get("/page/dataset")
    def panel() -> str:
        return fragments.draw("dataset/panel", {})

    return router
