"""Where models come from and go to: folders, other programs' installations, and the bin."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.bringing import Brought
from backend.schema.errors import NotAllowedError, RequestError
from backend.schema.jobs import Actor
from backend.schema.sizes import readable_bytes
from ui.fragments import Fragments
from ui.library import LibraryFacts, library_facts

Who = Annotated[Actor, Depends(actor_of)]
Text = Annotated[str, Field(max_length=4096)]


class FolderPath(Frozen):
    """A folder."""

    path: Text


class Binned(Frozen):
    """A model in the bin."""

    id: Text


class Shelf(Frozen):
    """The shelf as it is now, and what the library is."""

    shelf: str
    """HTML."""
    sentence: str
    library: LibraryFacts


def shelf_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/browser/shelf`, for the owner."""
    router = APIRouter(prefix="/page/browser/shelf")
    fragments = Fragments()

    def changed(actor: Actor, sentence: str, report: Brought | None = None) -> Shelf:
        return Shelf(
            shelf=_drawn(studio, fragments, actor, report),
            sentence=sentence,
            library=library_facts(studio.models, actor),
        )

    @router.get("")
    def shelf(actor: Who) -> str:
        return _drawn(studio, fragments, actor, None)

    @router.post("/bring")
    def bring(folder: FolderPath, actor: Who) -> Shelf:
        try:
            report = studio.bringing.bring(actor, folder.path)
        except NotAllowedError:
            raise
        except RequestError:  # no other program's: then its models are what is meant
            added = studio.models.add_folder(actor, folder.path)
            told = studio.models.rescan(actor).sentence
            return changed(actor, f"The models of {added.path} are used where they lie. {told}")
        return changed(actor, report.sentence, report)

    @router.post("/leave")
    def leave(folder: FolderPath, actor: Who) -> Shelf:
        if any(each.path == folder.path for each in studio.bringing.all(actor)):
            studio.bringing.forget(actor, folder.path)
        else:
            studio.models.remove_folder(actor, folder.path)
        return changed(actor, studio.models.rescan(actor).sentence)

    @router.post("/restore")
    def restore(binned: Binned, actor: Who) -> Shelf:
        entry = studio.keeping.restore(actor, binned.id)
        return changed(actor, f"“{entry.name}” is back at {entry.id}.")

    @router.post("/empty")
    def empty(actor: Who) -> Shelf:
        freed = studio.keeping.empty_bin(actor)
        return changed(actor, f"The bin is empty; {readable_bytes(freed)} are free again.")

    return router


def _drawn(studio: Verbs, fragments: Fragments, actor: Actor, report: Brought | None) -> str:
    binned = studio.keeping.bin(actor)
    values = {
        "folders": studio.models.folders(actor),
        "report": report,
        "bin": [
            {"id": each.id, "path": each.path, "size": readable_bytes(each.bytes)}
            for each in binned
        ],
    }
    return fragments.draw("browser/shelf", values)
