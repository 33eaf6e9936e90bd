"""Pictures that stand for models: drawn with one click, or chosen from the gallery."""

import io
import os
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from backend.jobs.board import Board
from backend.library.checkpoints import is_starter
from backend.library.library import Library
from backend.library.moving import stem_of
from backend.library.places_of_models import home_of
from backend.metadata.file_texts import BROKEN
from backend.outputs.writing import write_atomically
from backend.schema.catalogue import CheckpointInfo
from backend.schema.errors import NotFoundError, OutputError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, JobView, PictureView
from backend.schema.library import LibraryEntry
from backend.schema.model_settings import ModelSettings
from backend.schema.models import ModelKind
from backend.schema.picture_settings import PromptSettings
from backend.schema.sampling_settings import SeedSettings
from backend.services.gallery import Gallery
from backend.services.generation import Generation
from backend.services.lora_cards import card_of
from backend.services.loras import LorasByName, why_not
from backend.services.owner import only_the_owner
from backend.services.preview_watch import PreviewWatch

EXAMPLE = "a fox in a meadow of wild flowers, mountains in the background"
"""No word of it asks for a style: the model's own is to be seen."""
SEED = 1
_ENDING = ".preview.png"
"""The name that A1111, Forge and others read; Easel reads it first."""
_LONGEST_SIDE = 768
_CHOOSE = "Choose one of your pictures as its preview."


class Previews:
    """Gives models their previews; the owner's alone."""

    def __init__(
        self, library: Library, generation: Generation, gallery: Gallery, board: Board, data: Path
    ) -> None:
        """Note what is drawn for previews in the folder `data`."""
        self._library = library
        self._generation = generation
        self._gallery = gallery
        self._watch = PreviewWatch(board, data / "preview-jobs.json", self._put)

    def resume(self) -> None:
        """Go on with what an earlier life of the program began."""
        self._watch.resume()

    def close(self) -> None:
        """Stop; what was begun goes on with the next program."""
        self._watch.close()

    def make(self, actor: Actor, model_id: str) -> JobView:
        """Draw a picture with a checkpoint or a LoRA, which becomes its preview once it is there.

        It is an ordinary job with the settings that the checkpoint draws best with; a LoRA is drawn
        with the first checkpoint that it fits. One that is under way for this model already is
        given in its place.

        Raises:
            NotAllowedError: When a guest asks, or it is a model that stays as it is.
            NotFoundError: When there is no such model.
            RequestError: When it is no model that draws.
            ModelError: When it cannot draw now.
            OutputError: When nothing can be written beside it.
        """
        only_the_owner(actor, "make previews of models")
        entry = self._changeable(model_id)
        request = self._request(entry)
        _require_room_beside(Path(entry.path))
        there = self._watch.job_for(entry.id)
        if there is not None:
            return there
        job = self._generation.submit(actor, request)
        self._watch.expect(job.id, entry.id)
        return job

    def use(self, actor: Actor, model_id: str, picture_id: str) -> LibraryEntry:
        """Make a picture of the gallery the preview of a model, in place of an earlier one.

        Raises:
            NotAllowedError: When a guest asks, or it is a model that stays as it is.
            NotFoundError: When there is no such model or picture.
            OutputError: When it cannot be written.
        """
        only_the_owner(actor, "give models previews")
        entry = self._changeable(model_id)
        return put_preview(self._library, entry, self._gallery.file(actor, picture_id))

    def _put(self, model_id: str, picture: PictureView) -> None:
        entry, file = self._library.entry(model_id), self._gallery.file(OWNER, picture.id)
        put_preview(self._library, entry, file)

    def _changeable(self, model_id: str) -> LibraryEntry:
        entry = self._library.entry(model_id)
        folders = self._library.folders.all()
        if is_starter(entry.id) or entry.path in {folder.path for folder in folders}:
            home_of(entry, folders)  # it says why such a model stays as it is
        return entry

    def _request(self, entry: LibraryEntry) -> GenerationRequest:
        checkpoint = self._library.described(entry)
        if checkpoint is not None:
            return _request(checkpoint)
        kind = entry.model.kind if entry.model else ModelKind.UNKNOWN
        if kind is not ModelKind.LORA:
            raise RequestError(f"“{entry.name}” draws no pictures: it is a {kind.label}.", _CHOOSE)
        checkpoint = self._partner(entry)
        card = card_of(entry, LorasByName(self._library.entries()), checkpoint.family)
        return _request(
            checkpoint, (*card.trigger_words[:1], f"<lora:{card.name}:{card.strength:g}>")
        )

    def _partner(self, lora: LibraryEntry) -> CheckpointInfo:
        """The first checkpoint that a LoRA fits; the small starter comes last in the list."""
        for checkpoint in self._library.checkpoints():
            able = not checkpoint.problem and not checkpoint.refiner
            if able and not why_not(lora, checkpoint.family):
                return checkpoint
        family = lora.model.family_label if lora.model else "its family"
        raise RequestError(
            f"No checkpoint here fits “{lora.name}”, a LoRA for {family}.",
            f"Get one for {family}. {_CHOOSE}",
        )


def put_preview(library: Library, entry: LibraryEntry, picture: Path) -> LibraryEntry:
    """Write a small version of a picture beside a model, and look at the model again.

    Raises:
        NotFoundError: When there is no whole picture.
        OutputError: When it cannot be written.
    """
    model = Path(entry.path)
    write_atomically(model.with_name(f"{stem_of(model)}{_ENDING}"), _small(picture))
    library.rescan()
    return library.entry(entry.id)


def _request(checkpoint: CheckpointInfo, more: Iterable[str] = ()) -> GenerationRequest:
    usual = checkpoint.defaults
    words = (usual.prompt, EXAMPLE, *more)
    return GenerationRequest(
        prompt=PromptSettings(positive=", ".join(filter(None, words)), negative=usual.negative),
        model=ModelSettings(checkpoint=checkpoint.id),
        seed=SeedSettings(value=SEED),
    )


def _require_room_beside(model: Path) -> None:
    """Find out before a picture is drawn that its preview could not be written."""
    if not os.access(model.parent, os.W_OK):
        raise OutputError(
            f"Easel may not write into {model.parent}.", "Give yourself the right to write there."
        )


def _small(picture: Path) -> bytes:
    try:
        with Image.open(picture) as opened:
            small = opened.convert("RGB")
    except (OSError, *BROKEN, Image.DecompressionBombError) as error:
        raise NotFoundError(f"{picture.name} is no whole picture.", "Choose another.") from error
    small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
