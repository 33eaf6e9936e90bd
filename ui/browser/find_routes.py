"""The routes of the view that finds models on the hubs; what they draw is HTML as a JSON string."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field, SecretStr
from starlette.concurrency import run_in_threadpool

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import HubGoneError
from backend.schema.hubs import HubModel, HubName, HubSearch, HubVersion
from backend.schema.jobs import Actor, Role
from ui.browser.find import Here, searching
from ui.browser.hit import shown_model
from ui.browser.hits import hit_of
from ui.fragments import Fragments
from ui.memory.fits import fit_of_size

Who = Annotated[Actor, Depends(actor_of)]
Asked = Annotated[str, Query(alias="id", max_length=300)]
VersionId = Annotated[str, Query(max_length=300)]
Link = Annotated[str, Query(max_length=2000)]

_PICTURES_AT_ONCE = 4
"""For all pages together, so that no hub is stormed."""
_A_DAY = "private, max-age=86400"


class Hits(Frozen):
    """Some of what was found."""

    cards: str
    """HTML."""
    count: int
    next_page: str
    """Empty where there is no more."""


class Token(Frozen):
    """What a person got from a hub."""

    hub: HubName
    token: SecretStr = Field(max_length=1000)


class ForgottenToken(Frozen):
    """A click on Forget."""

    hub: HubName


def find_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/browser/find`."""
    router = APIRouter(prefix="/page/browser/find")
    fragments = Fragments()
    _search(router, studio, fragments)
    _look(router, studio, fragments)
    _log_in(router, studio, fragments)
    return router


def _search(router: APIRouter, studio: Verbs, fragments: Fragments) -> None:
    @router.get("")
    def panel(actor: Who) -> str:
        return fragments.draw("browser/find", dict(searching(studio, actor)))

    @router.get("/hits")
    def hits(actor: Who, wanted: Annotated[HubSearch, Query()]) -> Hits:
        mature = wanted.mature and actor.role is Role.OWNER
        page = studio.hubs.search(actor, wanted.model_copy(update={"mature": mature}))
        here = Here.of(studio.models.library(actor))
        fitting = partial(fit_of_size, studio.memory, actor)
        shown = [hit_of(card, here, fitting) for card in page.cards]
        cards = fragments.draw("browser/hits", {"hits": shown})
        return Hits(cards=cards, count=len(shown), next_page=page.next_page)


def _look(router: APIRouter, studio: Verbs, fragments: Fragments) -> None:
    at_once = asyncio.Semaphore(_PICTURES_AT_ONCE)

    def drawn(actor: Actor, model: HubModel, version: HubVersion | None, *, mature: bool) -> str:
        if version is None:
            raise HubGoneError(f"“{model.card.name}” has no version that can be shown.", "")
        mature = mature and actor.role is Role.OWNER
        shown = shown_model(studio, actor, model, version, mature=mature)
        return fragments.draw("browser/hit", dict(shown))

    @router.get("/model")
    def one_model(
        actor: Who, hub: HubName, model_id: Asked, version: VersionId = "", *, mature: bool = False
    ) -> str:
        model = studio.hubs.model(actor, hub, model_id, version)
        found = model.version(version) or model.version()
        return drawn(actor, model, found, mature=mature)

    @router.get("/link")
    def link(actor: Who, text: Link, *, mature: bool = False) -> str:
        model, version, _ = studio.hubs.resolve(actor, text)
        return drawn(actor, model, version, mature=mature)

    @router.get("/picture")
    async def picture(actor: Who, address: Link) -> Response:
        async with at_once:
            small = await run_in_threadpool(studio.hubs.picture, actor, address)
        return Response(small, media_type="image/webp", headers={"Cache-Control": _A_DAY})


def _log_in(router: APIRouter, studio: Verbs, fragments: Fragments) -> None:
    def drawn(actor: Actor) -> str:
        values = {"hubs": studio.hubs.state(actor), "mine": actor.role is Role.OWNER}
        return fragments.draw("browser/tokens", values)

    @router.get("/tokens")
    def tokens(actor: Who) -> str:
        return drawn(actor)

    @router.post("/token")
    def keep(given: Token, actor: Who) -> str:
        studio.hubs.set_token(actor, given.hub, given.token.get_secret_value())
        return drawn(actor)

    @router.post("/token/forget")
    def forget(forgotten: ForgottenToken, actor: Who) -> str:
        studio.hubs.forget_token(actor, forgotten.hub)
        return drawn(actor)
