"""Reading pictures over HTTP: the picture is the body, and nothing of it is kept."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.sent import sent
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.jobs import Actor
from backend.schema.readings import Comparison, PictureReading, Remaking

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=300)]


class PastedText(Frozen):
    """What somebody pasted."""

    text: str = Field(max_length=100_000)


def reading_router(studio: Verbs) -> APIRouter:
    """Routes that tell how a picture was made."""
    router = APIRouter(prefix="/api/readings")

    @router.post("")
    async def picture(request: Request, actor: Who, name: Name = "The picture") -> PictureReading:
        del actor  # everybody may
        async with sent(request) as content:
            return await to_thread.run_sync(studio.readings.of_stream, content, name)

    @router.post("/text")
    def text(pasted: PastedText, actor: Who) -> PictureReading | None:
        del actor
        return studio.readings.of_text(pasted.text)

    _remake(router, studio)
    return router


def _remake(router: APIRouter, studio: Verbs) -> None:
    @router.post("/pictures/{picture_id}/again")
    def again(picture_id: str, actor: Who) -> Remaking:
        return studio.reproducing.start(actor, picture_id)

    @router.get("/pictures/{picture_id}/compared/{made_again}")
    def compared(picture_id: str, made_again: str, actor: Who) -> Comparison:
        return studio.reproducing.compare(actor, picture_id, made_again)
