"""Handing pictures in over HTTP: the picture is the body, in any format that Easel opens."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response

from backend.api.answers import actor_of
from backend.api.sent import sent
from backend.api.verbs import Verbs
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=300)]

_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}


def input_router(studio: Verbs) -> APIRouter:
    """Routes that take pictures in, and show them."""
    router = APIRouter(prefix="/api/inputs")

    @router.post("")
    async def keep(request: Request, actor: Who, name: Name = "The picture") -> InputPicture:
        async with sent(request) as content:
            return await to_thread.run_sync(studio.inputs.keep, actor, content, name)

    @router.get("/{reference}")
    def show(reference: str, actor: Who) -> Response:
        return FileResponse(studio.inputs.file(actor, reference), headers=_KEPT)

    @router.get("/{reference}/thumbnail")
    def thumbnail(reference: str, actor: Who) -> Response:
        small = studio.inputs.thumbnail(actor, reference)
        return FileResponse(small, media_type="image/webp", headers=_KEPT)

    @router.get("/{reference}/about")
    def about(reference: str, actor: Who) -> InputPicture:
        return studio.inputs.about(actor, reference)

    return router
