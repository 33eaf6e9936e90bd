"""The guided start's routes: suggestions that are drawn here, and a click on one."""

from itertools import groupby
from operator import attrgetter
from typing import Self

from fastapi import APIRouter

from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.guide import Suggestion
from backend.schema.jobs import Actor, JobView
from backend.schema.picture_settings import PromptSettings
from backend.schema.sizes import readable_bytes
from ui.examples import load_examples
from ui.fragments import Fragments
from ui.memory.fits import Fit, badge
from ui.routes import Who


class Taken(Frozen):
    """A suggestion that was clicked."""

    id: str


class _Offer(Frozen):
    """A suggestion as it is drawn."""

    told: Suggestion
    size: str
    fit: Fit

    @classmethod
    def of(cls, told: Suggestion) -> Self:
        """One with what its badge says."""
        size = readable_bytes(told.bytes)
        return cls(told=told, size=size, fit=badge(told.plan, f"{told.family_label}, {size},"))


def guide_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/guide`; what they draw is HTML as a JSON string."""
    router = APIRouter(prefix="/page/guide")
    fragments = Fragments()

    @router.get("")
    def suggestions(actor: Who) -> str:
        told = studio.guide.suggestions(actor)
        if not told:
            return ""
        return fragments.draw("guide", {"purposes": _by_purpose(told), "place": told[0].place})

    @router.post("/take")
    def take(taken: Taken, actor: Who) -> JobView:
        return studio.guide.take(actor, taken.id, _prompt_of(studio, actor))

    return router


def _by_purpose(told: tuple[Suggestion, ...]) -> list[dict[str, object]]:
    grouped = groupby(told, attrgetter("purpose"))
    return [
        {
            "id": purpose.id,
            "label": purpose.label,
            "offers": [_Offer.of(each) for each in same],
        }
        for purpose, same in grouped
    ]


def _prompt_of(studio: Verbs, actor: Actor) -> PromptSettings:
    """What the person drew last; before the first picture, what the prompt's box began with."""
    own = (one for one in studio.gallery.newest(actor) if one.owner == actor.id)
    last = next(own, None)
    if last is None:
        return PromptSettings(positive=load_examples()[0].prompt)
    return studio.gallery.request_of(actor, last.id).prompt
