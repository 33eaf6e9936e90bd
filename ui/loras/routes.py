"""The routes of the LoRA list; what they draw is HTML as a JSON string."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.jobs import Actor
from ui.fragments import Fragments
from ui.loras.shown import Row, cards_of, rows_of

LONGEST_PROMPT = 10_000

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=4096)]
Search = Annotated[str, Query(max_length=200)]
Offset = Annotated[int, Query(ge=0)]


class Worn(Frozen):
    """What the form says of LoRAs."""

    prompt: Annotated[str, Field(max_length=LONGEST_PROMPT)]
    off: Annotated[str, Field(max_length=LONGEST_PROMPT)] = ""
    """The tags of those that are switched off, which are not in the prompt."""
    checkpoint: Annotated[str | None, Field(max_length=4096)] = None


def lora_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/loras`; all may use them."""
    router = APIRouter(prefix="/page/loras")
    fragments, loras = Fragments(), studio.loras

    @router.get("")
    def panel() -> str:
        return fragments.draw("loras/panel", {})

    @router.post("/worn")
    def worn(form: Worn, actor: Who) -> str:
        rows: list[Row] = []
        for prompt, on in ((form.prompt, True), (form.off, False)):
            rows += rows_of(loras.worn(actor, prompt, form.checkpoint), on=on)
        none_here = not rows and not loras.found(actor, form.checkpoint).everything
        return fragments.draw("loras/worn", {"rows": rows, "none_here": none_here})

    @router.get("/cards")
    def cards(actor: Who, checkpoint: Name = "", search: Search = "", offset: Offset = 0) -> str:
        found = loras.found(actor, checkpoint or None, search, offset)
        return fragments.draw("loras/cards", dict(cards_of(found, search, offset)))

    return router
