"""All that is known of one model, and what can be done with it, for the pane beside the grid."""

from pathlib import Path, PurePath

from backend.api.verbs import Verbs
from backend.schema.conversion import CONVERTIBLE_SUFFIXES
from backend.schema.identifying import Update
from backend.schema.jobs import Actor, PictureView
from backend.schema.keeping import LONGEST_TAG, Mark
from backend.schema.library import LONGEST_NOTE, LibraryEntry
from backend.schema.models import ModelKind
from backend.schema.sizes import readable_bytes
from ui.picker.details import Details, details_of

_STARTER = "starter"


class About(Details):
    """Everything that the pane shows."""

    favourite: bool
    tags: tuple[str, ...]
    newer: Update | None
    newer_size: str
    known: bool
    """Whether it is known where it comes from."""
    changeable: bool
    """Whether it may be renamed, moved and deleted; the starter may not."""
    drawable: bool
    """Whether it can draw its own preview."""
    smaller: bool
    """Whether it can be converted."""
    stem: str
    folder: str
    """Where it lies below its models folder."""
    used: int
    newest: tuple[PictureView, ...]
    longest_note: int = LONGEST_NOTE
    longest_tag: int = LONGEST_TAG


def about(studio: Verbs, actor: Actor, model_id: str) -> About:
    """Gather what is known.

    Raises:
        NotFoundError: When the library has no such model.
    """
    details = details_of(studio, actor, model_id)
    entry = studio.models.entry(actor, model_id)
    mark = studio.keeping.marks(actor).get(model_id, Mark())
    used = studio.keeping.used(actor, model_id)
    updates = studio.updates.found(actor).updates
    newer = next((each for each in updates if each.model == model_id), None)
    file = Path(entry.path)
    is_file = file.suffix.lower() in CONVERTIBLE_SUFFIXES and not file.is_dir()
    return About(
        **dict(details),
        favourite=mark.favourite,
        tags=mark.tags,
        newer=newer,
        newer_size=readable_bytes(newer.bytes) if newer and newer.bytes else "",
        known=bool(entry.card and entry.card.source),
        changeable=model_id != _STARTER,
        drawable=details.able or _is_lora(entry),
        smaller=is_file and not details.convertible and entry.model is not None,
        stem=file.name if file.is_dir() else file.stem,
        folder=_folder(entry),
        used=used.pictures,
        newest=used.newest,
    )


def _is_lora(entry: LibraryEntry) -> bool:
    return entry.model is not None and entry.model.kind is ModelKind.LORA


def _folder(entry: LibraryEntry) -> str:
    folder = str(PurePath(entry.id.rpartition(":")[2]).parent)
    return "" if folder == "." else folder
