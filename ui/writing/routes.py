"""The routes of the prompt box; what they draw is HTML as a JSON string."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor
from backend.schema.picture_settings import PromptSettings
from backend.schema.writing import Ask
from backend.schema.writing import Writing as Told
from ui.fragments import Fragments
from ui.writing.counts import ShownCount, shown_count
from ui.writing.styles import shown_style

_MARKS = {"lora": "LoRA", "embedding": "emb", "wildcard": "__", "style": "Style"}
"""What stands where a picture would."""

Who = Annotated[Actor, Depends(actor_of)]


class Form(Frozen):
    """What the form holds, by dotted ids, as far as it matters here."""

    fields: dict[str, Scalar]


class StyleClick(Frozen):
    """A click on a style, with the prompts that it goes around."""

    name: str
    prompt: PromptSettings


class Drawn(Frozen):
    """All that is told of the prompts."""

    positive: ShownCount = ShownCount()
    negative: ShownCount = ShownCount()
    effects: str = ""
    """HTML, as in `checks`."""
    score: str = ""
    """`3 of 4`; empty where there is nothing to check."""
    checks: str = ""


def writing_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/writing`; all may use them."""
    router = APIRouter(prefix="/page/writing")
    fragments, writing = Fragments(), studio.writing

    @router.post("/read")
    def read(form: Form, actor: Who) -> Drawn:
        try:
            request = GenerationRequest.from_fields(form.fields)
            told = writing.read(actor, request)
        except OutOfRangeError as error:
            said = (error.sentence,) if error.field.startswith("prompt.") else ()
            return Drawn(effects=_effects(said, fragments))
        except RequestError:  # Generate says what is wrong
            return Drawn()
        return _drawn(request.prompt, told, fragments)

    @router.get("/offers")
    def offers(ask: Annotated[Ask, Query()], actor: Who) -> str:
        found = writing.offers(actor, ask)
        return fragments.draw("writing/offers", {**dict(found), "marks": _MARKS})

    @router.post("/styles")
    def styles(prompt: PromptSettings, actor: Who) -> str:
        shown = tuple(shown_style(style, prompt) for style in writing.styles(actor))
        return fragments.draw("writing/styles", {"styles": shown})

    @router.post("/style")
    def style(click: StyleClick, actor: Who) -> PromptSettings:
        return writing.styled(actor, click.name, click.prompt)

    @router.get("/used")
    def used(actor: Who) -> str:
        return fragments.draw("writing/used", {"prompts": writing.used(actor)})

    return router


def _drawn(prompt: PromptSettings, told: Told, fragments: Fragments) -> Drawn:
    good = sum(check.good for check in told.checks)
    return Drawn(
        positive=shown_count(prompt.positive, told.positive, fragments),
        negative=shown_count(prompt.negative, told.negative, fragments),
        effects=_effects(told.effects, fragments),
        score=f"{good} of {len(told.checks)}" if told.checks else "",
        checks=fragments.draw("writing/checks", dict(told)),
    )


def _effects(sentences: Iterable[str], fragments: Fragments) -> str:
    said = tuple(sentences)
    return fragments.draw("writing/effects", {"sentences": said}) if said else ""
