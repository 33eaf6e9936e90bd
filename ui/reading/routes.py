"""The routes that tell how a picture was made; what they draw is HTML as a JSON string."""

import io
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request

from backend.api.answers import actor_of
from backend.api.readings import Name, PastedText
from backend.api.sent import sent
from backend.api.verbs import Verbs
from backend.schema.errors import NotFoundError
from backend.schema.jobs import Actor
from backend.schema.readings import PictureReading
from ui.fragments import Fragments
from ui.reading.words import shown_reading

Who = Annotated[Actor, Depends(actor_of)]


def reading_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/reading`."""
    router = APIRouter(prefix="/page/reading")
    fragments = Fragments()

    def drawn(reading: PictureReading, actor: Actor, picture: str = "") -> str:
        values = dict(shown_reading(reading, studio.models, actor, picture))
        return fragments.draw("reading", values)

    @router.post("")
    async def brought(request: Request, actor: Who, name: Name = "The picture") -> str:
        async with sent(request) as content:
            reading = await to_thread.run_sync(studio.readings.of_stream, content, name)
        return await to_thread.run_sync(drawn, reading, actor)

    @router.post("/text")
    def text(pasted: PastedText, actor: Who) -> str:
        reading = studio.readings.of_text(pasted.text)
        if reading is None:
            raise NotFoundError("That text is no picture's settings.", "Copy it whole.")
        return drawn(reading, actor)

    @router.get("/picture/{picture_id}")
    def ours(picture_id: str, actor: Who) -> str:
        picture = studio.gallery.picture(actor, picture_id)
        if picture.saved:
            reading = studio.readings.of_file(studio.gallery.file(actor, picture_id))
        else:
            content = io.BytesIO(studio.gallery.unsaved_bytes(actor, picture_id))
            reading = studio.readings.of_stream(content, "The picture")
        return drawn(reading, actor, "" if picture.brought else picture_id)

    return router
