"""The page's own routes: what its clicks send, and the files that it is made of."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, JSONResponse
from pydantic import Field

from backend.api.answers import actor_of, error_json
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, JobView
from backend.schema.sampling_settings import RANDOM_SEED
from backend.schema.upscaling import LEAST, MOST, UpscaleRequest
from ui.asking import asked, held
from ui.refining import refining
from ui.sending import Clicks

STATIC = Path(__file__).parent / "static"

Who = Annotated[Actor, Depends(actor_of)]
Token = Annotated[str, Field(min_length=8, max_length=64)]


class GenerateClick(Frozen):
    """A click on Generate: the whole form by dotted ids."""

    token: Token
    fields: dict[str, Scalar]


class VaryClick(Frozen):
    """A click on Vary: the same picture with another seed."""

    token: Token
    picture: str


class UpscaleClick(Frozen):
    """A click on Upscale, in what opens beside a picture."""

    token: Token
    picture: str
    factor: Annotated[float, Field(ge=LEAST, le=MOST)]
    upscaler: str
    detail: bool = False
    """Whether its checkpoint draws it again, finer."""


class AgainClick(Frozen):
    """A click on Try again: the same job once more."""

    token: Token
    job: str
    fields: dict[str, Scalar] = Field(default_factory=dict[str, Scalar])
    """What is to be different, by dotted id."""


def page_routes(studio: Verbs) -> APIRouter:
    """Routes that submit and return at once; the feed tells the rest."""
    router = APIRouter()
    clicks = Clicks()

    @router.post("/page/generate", response_model=None)
    def generate(click: GenerateClick, actor: Who) -> JobView | JSONResponse:
        try:
            request = asked(click.fields)
            return clicks.once(click.token, lambda: studio.generation.submit(actor, request))
        except OutOfRangeError as error:  # the page shows it beside the field
            told = error_json(error.code, error.sentence, error.hint)
            return JSONResponse({"error": {**told, "field": error.field}}, 400)

    @router.post("/page/vary")
    def vary(click: VaryClick, actor: Who) -> JobView:
        request = studio.gallery.request_of(actor, click.picture)
        seed = request.seed.model_copy(update={"value": RANDOM_SEED})
        varied = request.model_copy(update={"seed": seed})
        return clicks.once(click.token, lambda: studio.generation.submit(actor, varied))

    @router.post("/page/again")
    def again(click: AgainClick, actor: Who) -> JobView:
        kind = studio.jobs.view(actor, click.job).kind
        if kind == "series":
            return clicks.once(click.token, lambda: studio.series.again(actor, click.job))
        if kind == "upscale":
            return clicks.once(click.token, lambda: studio.upscaling.again(actor, click.job))
        before = studio.jobs.request_of(actor, click.job)
        request = GenerationRequest.from_fields(before.to_fields() | click.fields)
        return clicks.once(click.token, lambda: studio.generation.submit(actor, request))

    @router.post("/page/upscale")
    def upscale(click: UpscaleClick, actor: Who) -> JobView:
        return clicks.once(click.token, lambda: _enlarged(studio, actor, click))

    @router.get("/page/fields/{picture}")
    def fields(picture: str, actor: Who) -> dict[str, Scalar]:
        return held(studio.gallery.request_of(actor, picture))

    @router.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    return router


def _enlarged(studio: Verbs, actor: Actor, click: UpscaleClick) -> JobView:
    if click.detail:
        made = studio.gallery.request_of(actor, click.picture)
        finer = refining(made, click.picture, click.factor, click.upscaler)
        return studio.generation.submit(actor, finer)
    request = UpscaleRequest(picture=click.picture, factor=click.factor, upscaler=click.upscaler)
    return studio.upscaling.submit(actor, request)
