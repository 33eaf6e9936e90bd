"""The routes of the Models tab; what they draw is HTML as a JSON string."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import NotFoundError
from backend.schema.jobs import Actor, Role
from ui.browser.about import about
from ui.browser.cards import Wanted, families_of, found, kinds_of, tags_of
from ui.fragments import Fragments

Who = Annotated[Actor, Depends(actor_of)]


class Piece(Frozen):
    """Some of the cards, and how many there are."""

    total: int
    sentence: str
    cards: str
    """HTML."""


def browser_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/browser`."""
    router = APIRouter(prefix="/page/browser")
    fragments = Fragments()

    @router.get("")
    def panel(actor: Who) -> str:
        entries = studio.models.library(actor)
        values = {
            "kinds": kinds_of(entries),
            "families": families_of(entries),
            "tags": tags_of(studio.keeping.marks(actor)),
            "mine": actor.role is Role.OWNER,
        }
        return fragments.draw("browser/panel", values)

    @router.get("/cards")
    def cards(actor: Who, wanted: Annotated[Wanted, Query()]) -> Piece:
        piece = found(studio, actor, wanted)
        nothing = _nothing(studio, actor, wanted)
        values = {**dict(piece), "offset": wanted.offset, "nothing": nothing}
        drawn = fragments.draw("browser/cards", {**values, "mine": actor.role is Role.OWNER})
        return Piece(total=piece.total, sentence=piece.sentence, cards=drawn)

    @router.get("/about")
    def about_one(actor: Who, model: Annotated[str, Query(alias="id", max_length=4096)]) -> str:
        try:
            return fragments.draw("browser/about", dict(about(studio, actor, model)))
        except NotFoundError:
            return fragments.draw("browser/gone", {})

    return router


def _nothing(studio: Verbs, actor: Actor, wanted: Wanted) -> str:
    if studio.models.state(actor).scanning:
        return "Looking through the folders. This takes a moment the first time."
    if wanted.only == "unknown":
        return "Where each of your models comes from is known."
    if wanted.only == "updates":
        return "No newer version is known of. “Look for updates” asks CivitAI."
    return "No model is like this. Empty the search, or choose All kinds and Everything."
