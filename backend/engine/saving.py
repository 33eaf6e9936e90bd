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
    place = context.first_index + index
    path = picture_path(context.job, index, request, context.created, place=place)
    content = encode(picture, request, index, context.created, workshop())
    ready = ImageReady(
        index=index,
        path=path.as_posix(),
        width=picture.width,
        height=picture.height,
        seed=request.seed_of(index),
    )
    told = written(content, ready, context)
    yield told
    if isinstance(told, ImageReady):
        yield from _save_beside(context.places.outputs / path, request, index, context)


def written(content: bytes, ready: ImageReady, context: Context) -> ImageReady | ImageUnsaved:
    """Write a picture's file; what is to be told of it.

    Args:
        content: The whole file.
        ready: What it is, and where it goes below the outputs folder.
        context: The job's surroundings.
    """
    try:
        write_atomically(context.places.outputs / ready.path, content)
    except OutputError as error:
        return _unsaved(ready, str(error), content)
    return ready


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
