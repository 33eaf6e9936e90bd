"""Making a picture again from its own metadata, and comparing the two."""

import io

from PIL import Image

from backend.metadata.comparing import compare
from backend.metadata.file_texts import BROKEN, FORMATS
from backend.metadata.own import PictureMetadata, read_metadata
from backend.metadata.sheets import read_sheet
from backend.metadata.upscaled import read_upscaled
from backend.schema.errors import ModelMissingError, NotFoundError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, JobView
from backend.schema.readings import Comparison, Remaking
from backend.schema.resolved import ResolvedRequest
from backend.services.gallery import Gallery
from backend.services.generation import Generation


class Reproducing:
    """Reproduces pictures that Easel made."""

    def __init__(self, generation: Generation, gallery: Gallery) -> None:
        self._generation = generation
        self._gallery = gallery

    def start(self, actor: Actor, picture_id: str) -> Remaking:
        """Queue a picture once more, just as its file says; it becomes one more picture.

        A checkpoint that was renamed since is found by its hash.

        Raises:
            NotFoundError: When there is no such picture, or Easel did not make it.
            ModelMissingError: When its checkpoint is not here any more; names it.
            ModelError: When its checkpoint cannot draw.
            OutOfRangeError: When some other file that it needs is not here any more.
        """
        own, _ = self._read(actor, picture_id)
        made = own.request
        request = made.as_request(own.index).model_copy(
            update={"prompt": made.prompt_of(own.index), "memory": made.memory.settings}
        )
        job = self._submit(actor, request, own)
        place = own.index % request.batch.size
        return Remaking(job=job.id, picture=f"{job.id}-{place}")

    def compare(self, actor: Actor, picture_id: str, made_again: str) -> Comparison:
        """A picture beside the one that was made from it, and why they differ.

        Raises:
            NotFoundError: When one of them is not there, or Easel did not make it.
        """
        first, one = self._read(actor, picture_id)
        second, other = self._read(actor, made_again)
        return compare(one, other, first, second)

    def _submit(self, actor: Actor, request: GenerationRequest, own: PictureMetadata) -> JobView:
        """Submit it; models that are not here under their names are looked for by their hashes."""
        made = own.request
        try:
            return self._generation.submit(actor, request)
        except ModelMissingError as error:
            if made.controls:
                renamed = _controls_by_hash(request, made)
                try:
                    return self._generation.submit(actor, renamed)
                except ModelMissingError as still:
                    if still.sentence != error.sentence:  # which tells the name, now the hash
                        raise _without_controls(made, error) from error
            if not made.model.sha256:
                raise
            return self._with_renamed_checkpoint(actor, request, made)

    def _with_renamed_checkpoint(
        self, actor: Actor, request: GenerationRequest, made: ResolvedRequest
    ) -> JobView:
        model = made.model
        by_hash = request.model.model_copy(update={"checkpoint": model.sha256})
        try:
            return self._generation.submit(actor, request.model_copy(update={"model": by_hash}))
        except ModelMissingError as error:
            raise ModelMissingError(
                f"The checkpoint “{model.name}” that drew it is not here any more.",
                f"Get it again; its SHA-256 begins with {model.sha256[:10]}.",
            ) from error

    def _read(self, actor: Actor, picture_id: str) -> tuple[PictureMetadata, Image.Image]:
        picture = self._gallery.picture(actor, picture_id)
        content = (
            self._gallery.file(actor, picture_id).read_bytes()
            if picture.saved
            else self._gallery.unsaved_bytes(actor, picture_id)
        )
        own = read_metadata(io.BytesIO(content))
        if own is None and (upscaled := read_upscaled(io.BytesIO(content))):
            raise NotFoundError(
                f"That picture was enlarged from {upscaled.source}.",
                "Reproduce that one, then upscale it again.",
            )
        if own is None and read_sheet(io.BytesIO(content)):
            raise NotFoundError(
                "That picture is a sheet of others.", "Reproduce one of those that it shows."
            )
        if own is None:
            raise NotFoundError(
                "That picture does not tell how Easel made it.",
                "Only pictures of Easel can be reproduced, and only while their files are whole.",
            )
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                return own, opened.convert("RGB")
        except (OSError, *BROKEN) as error:
            raise NotFoundError("That picture's file is not whole.", "Make it again.") from error


def _controls_by_hash(request: GenerationRequest, made: ResolvedRequest) -> GenerationRequest:
    units = request.controls
    named = {
        f"control{each.number}": units[each.number].model_copy(update={"model": each.model.sha256})
        for each in made.controls
        if each.model.sha256 and each.number in units
    }
    return request.model_copy(update=named)


def _without_controls(made: ResolvedRequest, error: ModelMissingError) -> ModelMissingError:
    names = ", ".join(
        f"“{each.model.name}” (SHA-256 {each.model.sha256[:10]}…)" for each in made.controls
    )
    return ModelMissingError(error.sentence, f"It was steered by {names}: get it again.")
