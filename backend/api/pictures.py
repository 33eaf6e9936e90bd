"""Pictures over HTTP: found by id in the index, never by path."""

from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import FileResponse, Response

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, PictureView

Who = Annotated[Actor, Depends(actor_of)]
_READING = ["GET", "HEAD"]
_MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
Known = Annotated[str | None, Header(alias="If-None-Match")]


def picture_router(studio: Verbs) -> APIRouter:
    """Routes that list, show and delete pictures."""
    router = APIRouter()
    _tell(router, studio)
    _show(router, studio)
    return router


def _tell(router: APIRouter, studio: Verbs) -> None:
    @router.get("/api/pictures")
    def newest(
        actor: Who,
        limit: Annotated[int, Query(ge=1, le=500)] = 60,
        before: float | None = None,
    ) -> tuple[PictureView, ...]:
        return studio.gallery.newest(actor, limit, before)

    @router.get("/api/pictures/{picture_id}")
    def picture(picture_id: str, actor: Who) -> PictureView:
        return studio.gallery.picture(actor, picture_id)

    @router.get("/api/pictures/{picture_id}/request")
    def request_of(picture_id: str, actor: Who) -> GenerationRequest:
        return studio.gallery.request_of(actor, picture_id)

    @router.delete("/api/pictures/{picture_id}", status_code=204)
    def delete(picture_id: str, actor: Who) -> None:
        studio.gallery.delete(actor, picture_id)


def _show(router: APIRouter, studio: Verbs) -> None:
    @router.api_route("/pictures/{picture_id}", methods=_READING, response_model=None)
    def whole(
        picture_id: str, actor: Who, known: Known = None, *, download: bool = False
    ) -> Response:
        picture = studio.gallery.picture(actor, picture_id)
        headers = _cached(picture, "whole")
        kind = _MEDIA_TYPES.get(PurePosixPath(picture.path).suffix.lower(), "image/png")
        if download:
            name = PurePosixPath(picture.path).name
            headers["Content-Disposition"] = f'attachment; filename="{_plain(name)}"'
        if known == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if not picture.saved:
            content = studio.gallery.unsaved_bytes(actor, picture_id)
            return Response(content, media_type=kind, headers=headers)
        path = studio.gallery.file(actor, picture_id)
        return FileResponse(path, media_type=kind, headers=headers)

    @router.api_route("/pictures/{picture_id}/thumbnail", methods=_READING, response_model=None)
    def thumbnail(picture_id: str, actor: Who, known: Known = None) -> Response:
        headers = _cached(studio.gallery.picture(actor, picture_id), "small")
        if known == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        path = studio.gallery.thumbnail(actor, picture_id)
        return FileResponse(path, media_type="image/webp", headers=headers)


def _cached(picture: PictureView, kind: str) -> dict[str, str]:
    """A picture never changes under its id, so a browser may keep it."""
    keep = "private, max-age=31536000, immutable" if picture.saved else "no-store"
    return {"Cache-Control": keep, "ETag": f'"{picture.id}-{kind}"'}


def _plain(name: str) -> str:
    """A file name that a header can carry."""
    plain = (sign.isascii() and sign.isprintable() and sign not in '"\\' for sign in name)
    return "".join(sign if fits else "_" for sign, fits in zip(name, plain, strict=True))
