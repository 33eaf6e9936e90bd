"""What the Models tab's buttons do with the models that are here."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.conversion import TargetPrecision
from backend.schema.errors import NotFoundError
from backend.schema.jobs import Actor, JobView
from backend.schema.keeping import Mark
from ui.library import LibraryFacts, library_facts

Who = Annotated[Actor, Depends(actor_of)]
Text = Annotated[str, Field(max_length=4096)]


class Chosen(Frozen):
    """A model that a button is about."""

    id: Text


class Favourite(Chosen):
    """A click on the star."""

    favourite: bool


class Tags(Chosen):
    """All its tags from now on."""

    tags: tuple[Text, ...]


class Renamed(Chosen):
    """Its new name."""

    name: Text


class Moved(Chosen):
    """Its new folder; empty for the right one."""

    folder: Text


class Converted(Chosen):
    """What to write beside it."""

    to: TargetPrecision
    pruned: bool


class Pictured(Chosen):
    """A picture that becomes its preview."""

    picture: Text


class Changed(Frozen):
    """What the page knows after the library changed."""

    sentence: str
    library: LibraryFacts
    model: str = ""
    """The id of the model that it was about, which may be new."""


def keeping_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/browser`."""
    router = APIRouter(prefix="/page/browser")
    _mark(router, studio)
    _change(router, studio)
    _ask(router, studio)
    _work(router, studio)
    return router


def _mark(router: APIRouter, studio: Verbs) -> None:
    keeping = studio.keeping

    @router.post("/favourite")
    def favourite(wanted: Favourite, actor: Who) -> Mark:
        return keeping.set_favourite(actor, wanted.id, favourite=wanted.favourite)

    @router.post("/tags")
    def tags(wanted: Tags, actor: Who) -> Mark:
        return keeping.set_tags(actor, wanted.id, wanted.tags)


def _change(router: APIRouter, studio: Verbs) -> None:
    keeping, models = studio.keeping, studio.models

    def changed(actor: Actor, sentence: str, model: str = "") -> Changed:
        return Changed(sentence=sentence, library=library_facts(models, actor), model=model)

    @router.post("/rescan")
    def rescan(actor: Who) -> Changed:
        return changed(actor, models.rescan(actor).sentence)

    @router.post("/rename")
    def rename(wanted: Renamed, actor: Who) -> Changed:
        entry = keeping.rename(actor, wanted.id, wanted.name)
        return changed(actor, f"It is called “{entry.name}” now.", entry.id)

    @router.post("/move")
    def move(wanted: Moved, actor: Who) -> Changed:
        entry = keeping.move(actor, wanted.id, wanted.folder)
        return changed(actor, f"It lies at {entry.id} now.", entry.id)

    @router.post("/delete")
    def delete(wanted: Chosen, actor: Who) -> Changed:
        return changed(actor, keeping.delete(actor, wanted.id).sentence)

    @router.post("/preview/use")
    def use(wanted: Pictured, actor: Who) -> Changed:
        entry = studio.previews.use(actor, wanted.id, wanted.picture)
        return changed(actor, "The picture is its preview now.", entry.id)


def _ask(router: APIRouter, studio: Verbs) -> None:
    @router.post("/identify")
    def identify(wanted: Chosen, actor: Who) -> Changed:
        told = studio.identifying.identify(actor, wanted.id)
        facts = library_facts(studio.models, actor)
        return Changed(sentence=told.sentence, library=facts, model=wanted.id)

    @router.post("/identify-all")
    def identify_all(actor: Who) -> JobView:
        return studio.identifying.identify_all(actor)

    @router.post("/updates")
    def updates(actor: Who) -> JobView:
        return studio.updates.look(actor)

    @router.post("/update")
    def update(wanted: Chosen, actor: Who) -> JobView:
        known = studio.updates.found(actor).updates
        newer = next((each for each in known if each.model == wanted.id), None)
        if newer is None:
            raise NotFoundError("No newer version of it is known.", "Look for updates again.")
        return studio.downloads.start(actor, newer.hub, newer.hub_model, newer.version, newer.file)


def _work(router: APIRouter, studio: Verbs) -> None:
    @router.post("/convert")
    def convert(wanted: Converted, actor: Who) -> JobView:
        file = Path(studio.models.entry(actor, wanted.id).path)
        return studio.conversion.submit(actor, file, wanted.to, pruned=wanted.pruned)

    @router.post("/preview")
    def preview(wanted: Chosen, actor: Who) -> JobView:
        return studio.previews.make(actor, wanted.id)
