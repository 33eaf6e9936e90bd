"""The routes of what the page advises; what they draw is HTML as a JSON string."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, JobView
from ui.fragments import Fragments
from ui.routes import Token
from ui.sending import Clicks

Who = Annotated[Actor, Depends(actor_of)]
Fields = dict[str, Scalar]


class Form(Frozen):
    """What the form holds, by dotted ids."""

    fields: Fields


class Disappointment(Frozen):
    """A picture, and what of the form is not kept with it: how it is made to fit."""

    picture: str
    fields: Fields = Field(default_factory=dict[str, Scalar])


class OnceMore(Disappointment):
    """A click that draws a picture again with other values of some fields."""

    token: Token


def helping_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/helping`."""
    router = APIRouter(prefix="/page/helping")
    fragments, clicks = Fragments(), Clicks()

    @router.post("/warnings")
    def warnings(form: Form, actor: Who) -> str:
        try:
            request = GenerationRequest.from_fields(form.fields)
        except RequestError:  # Generate says what is wrong
            return ""
        told = studio.advising.warnings(actor, request)
        return fragments.draw("helping/warnings", {"warnings": told}) if told else ""

    @router.post("/ladders")
    def ladders(asked: Disappointment, actor: Who) -> str:
        request = _changed(studio.gallery.request_of(actor, asked.picture), asked.fields)
        told = studio.advising.ladders(actor, request)
        return fragments.draw("helping/ladders", {"ladders": told})

    @router.post("/again")
    def again(click: OnceMore, actor: Who) -> JobView:
        request = _changed(studio.gallery.request_of(actor, click.picture), click.fields)
        return clicks.once(click.token, lambda: studio.generation.submit(actor, request))

    return router


def _changed(request: GenerationRequest, fields: Mapping[str, Scalar]) -> GenerationRequest:
    return GenerationRequest.from_fields(request.to_fields() | dict(fields))
