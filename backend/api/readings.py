"""Reading pictures over HTTP: the picture is the body, and nothing of it is kept."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Annotated, cast

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.jobs import Actor
from backend.schema.readings import Comparison, PictureReading, Remaking

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=300)]

LARGEST_PICTURE = 64 * 2**20
_IN_MEMORY = 8 * 2**20
"""What is larger lies in a nameless temporary file until it was read."""


class PastedText(Frozen):
    """What somebody pasted."""

    text: str = Field(max_length=100_000)


class TooLargePictureError(RequestError):
    """A picture that is larger than any that programs make."""

    code = "too_large"


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


@asynccontextmanager
async def sent(request: Request) -> AsyncGenerator[IO[bytes]]:
    """The body of a request, which is gone afterwards.

    Raises:
        TooLargePictureError: When it is too large.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as content:
        length = 0
        async for part in request.stream():
            length += len(part)
            if length > LARGEST_PICTURE:
                raise TooLargePictureError(
                    "The picture is larger than 64 MB.", "Save it smaller, as PNG or WebP."
                )
            content.write(part)
        content.seek(0)
        yield cast("IO[bytes]", content)
