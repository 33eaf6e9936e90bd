"""Writing finished pictures, so that none is lost."""

import base64
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from backend.engine.context import Context
from backend.engine.device import workshop
from backend.metadata.encoding import encode
from backend.metadata.own import metadata_of
from backend.metadata.sidecar import sidecar_content, sidecar_of, wants_sidecar
from backend.outputs.naming import picture_path
from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError
from backend.schema.events import Event, ImageReady, ImageUnsaved, Stage, Warned
from backend.schema.resolved import ResolvedRequest


def save(
    picture: Image.Image, request: ResolvedRequest, index: int, context: Context
) -> Iterator[Event]:
    """Write picture `index` with its settings inside; where the disk refuses it, hand it over.

    Yields:
        `ImageReady` when it is on disk, or `ImageUnsaved` with the whole file.
    """
    yield Stage(sentence="Saving")
    path = picture_path(context.job, index, request, context.created)
    content = encode(picture, request, index, context.created, workshop())
    ready = ImageReady(
        index=index,
        path=path.as_posix(),
        width=picture.width,
        height=picture.height,
        seed=request.seed_of(index),
    )
    try:
        write_atomically(context.places.outputs / path, content)
    except OutputError as error:
        yield _unsaved(ready, str(error), content)
    else:
        yield ready
        yield from _save_beside(context.places.outputs / path, request, index, context)


def _save_beside(
    path: Path, request: ResolvedRequest, index: int, context: Context
) -> Iterator[Event]:
    """Write the side-car where one is wanted; without it, the picture still has all inside."""
    own = metadata_of(request, index, context.created, workshop())
    if not wants_sidecar(own):
        return
    try:
        write_atomically(sidecar_of(path), sidecar_content(own))
    except OutputError as error:
        yield Warned(sentence=str(error))


def _unsaved(ready: ImageReady, sentence: str, content: bytes) -> ImageUnsaved:
    return ImageUnsaved(
        **ready.model_dump(exclude={"type"}),
        sentence=sentence,
        png=base64.b64encode(content).decode("ascii"),
    )
