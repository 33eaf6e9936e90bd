"""The picker's routes: lists that are drawn here, and what its buttons do."""

from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Models, Verbs
from backend.schema.base import Frozen
from backend.schema.errors import NotFoundError
from backend.schema.jobs import Actor, JobView, Role
from backend.schema.library import LONGEST_NOTE
from ui.fragments import Fragments
from ui.library import LibraryFacts, library_facts
from ui.memory.fits import fit_of
from ui.picker.details import details_of
from ui.picker.rows import rows_of

Who = Annotated[Actor, Depends(actor_of)]
Search = Annotated[str, Query(max_length=200)]
Offset = Annotated[int, Query(ge=0)]
ModelId = Annotated[str, Field(max_length=4096)]
Asked = Annotated[str, Query(alias="id", max_length=4096)]


class Chosen(Frozen):
    """A model that a button is about."""

    id: ModelId


class NoteText(Frozen):
    """What a person notes about a model."""

    id: ModelId
    text: str


class FolderPath(Frozen):
    """A folder of another program."""

    path: str


class Changed(Frozen):
    """What the page knows after the library changed."""

    sentence: str
    folders: str
    """HTML."""
    library: LibraryFacts


def picker_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/models`; what they draw is HTML as a JSON string."""
    router = APIRouter(prefix="/page/models")
    fragments = Fragments()
    _draw(router, studio, fragments)
    _keep(router, studio)
    _change(router, studio.models, fragments)
    return router


def _draw(router: APIRouter, studio: Verbs, fragments: Fragments) -> None:
    models = studio.models

    @router.get("")
    def rows(actor: Who, search: Search = "", offset: Offset = 0) -> str:
        fit = partial(fit_of, studio.memory, actor)
        return fragments.draw("rows", dict(rows_of(models, actor, search, offset, fit)))

    @router.get("/panel")
    def panel(actor: Who) -> str:
        return fragments.draw("panel", _folders(models, actor))

    @router.get("/details")
    def details(actor: Who, model: Asked) -> str:
        try:
            shown = details_of(studio, actor, model)
        except NotFoundError:
            return '<p class="muted">This model is not there any more.</p>'
        return fragments.draw("details", {**dict(shown), "longest_note": LONGEST_NOTE})

    @router.get("/preview")
    def preview(actor: Who, model: Asked) -> FileResponse:
        return FileResponse(
            studio.covers.of(actor, model),
            media_type="image/webp",
            headers={"Cache-Control": "private, max-age=60"},
        )

    @router.get("/facts")
    def facts(actor: Who, known: int) -> LibraryFacts | None:
        return library_facts(models, actor) if models.state(actor).revision != known else None


def _keep(router: APIRouter, studio: Verbs) -> None:
    @router.post("/note", status_code=204)
    def note(kept: NoteText, actor: Who) -> None:
        studio.notes.put(actor, kept.id, kept.text)

    @router.post("/convert")
    def convert(chosen: Chosen, actor: Who) -> JobView:
        return studio.conversion.submit(actor, Path(studio.models.entry(actor, chosen.id).path))


def _change(router: APIRouter, models: Models, fragments: Fragments) -> None:
    def changed(actor: Actor) -> Changed:
        sentence = models.rescan(actor).sentence
        folders = fragments.draw("folders", _folders(models, actor))
        return Changed(sentence=sentence, folders=folders, library=library_facts(models, actor))

    @router.post("/rescan")
    def rescan(actor: Who) -> Changed:
        return changed(actor)

    @router.post("/folders")
    def add_folder(folder: FolderPath, actor: Who) -> Changed:
        models.add_folder(actor, folder.path)
        return changed(actor)

    @router.post("/folders/remove")
    def remove_folder(folder: FolderPath, actor: Who) -> Changed:
        models.remove_folder(actor, folder.path)
        return changed(actor)


def _folders(models: Models, actor: Actor) -> dict[str, object]:
    """Only the owner is told where things are."""
    if actor.role is not Role.OWNER:
        return {"mine": False, "folders": ()}
    return {"mine": True, "folders": models.folders(actor)}
