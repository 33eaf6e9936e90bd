"""The routes of the canvas; what they draw is HTML as a JSON string."""

import base64
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.jobs import Actor
from backend.selecting.grabcut import Wanted
from backend.selecting.pictures import mask_of
from ui.fragments import Fragments

Who = Annotated[Actor, Depends(actor_of)]


class SelectClick(Frozen):
    """A click on a thing in a picture, or a box around it, in pixels of the picture."""

    picture: Annotated[str, Field(max_length=4096)]
    """Its reference."""
    point: tuple[int, int] | None = None
    box: tuple[int, int, int, int] | None = None


def canvas_routes(studio: Verbs) -> APIRouter:
    """Routes of the canvas; all may use them."""
    router = APIRouter()
    fragments = Fragments()
    one_at_a_time = CapacityLimiter(1)  # each takes a core for a second or more

    @router.get("/page/canvas")
    def markup() -> str:
        return fragments.draw("canvas", {})

    @router.post("/page/select")
    async def select(click: SelectClick, actor: Who) -> str:
        path = await to_thread.run_sync(studio.inputs.file, actor, click.picture)
        wanted = Wanted(click.point, click.box)
        mask = await to_thread.run_sync(mask_of, path, wanted, limiter=one_at_a_time)
        return f"data:image/png;base64,{base64.b64encode(mask).decode()}"

    return router
