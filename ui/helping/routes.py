"""The routes of what the page advises; what they draw is HTML as a JSON string."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor
from ui.fragments import Fragments

Who = Annotated[Actor, Depends(actor_of)]


class Form(Frozen):
    """What the form holds, by dotted ids."""

    fields: dict[str, Scalar]


def helping_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/helping`."""
    router = APIRouter(prefix="/page/helping")
    fragments = Fragments()

    @router.post("/warnings")
    def warnings(form: Form, actor: Who) -> str:
        try:
            request = GenerationRequest.from_fields(form.fields)
        except RequestError:  # Generate says what is wrong
            return ""
        told = studio.advising.warnings(actor, request)
        return fragments.draw("helping/warnings", {"warnings": told}) if told else ""

    return router
