"""Writing finished pictures, so that none is lost."""

import base64
from collections.abc import Iterator

from PIL import Image

from backend.engine.context import Context
from backend.metadata.png import encode_png
from backend.outputs.naming import picture_path
from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError
from backend.schema.events import Event, ImageReady, ImageUnsaved, Stage
from backend.schema.resolved import ResolvedRequest


def save(
    picture: Image.Image, request: ResolvedRequest, index: int, context: Context
) -> Iterator[Event]:
    """Write picture `index` with its settings inside; where the disk refuses it, hand it over.

    Yields:
        `ImageReady` when it is on disk, or `ImageUnsaved` with the whole PNG.
    """
    yield Stage(sentence="Saving")
    path = picture_path(context.job, index, request, context.created)
    png = encode_png(picture, request, index, context.created)
    ready = ImageReady(
        index=index,
        path=path.as_posix(),
        width=picture.width,
        height=picture.height,
        seed=request.seed_of(index),
    )
    try:
        write_atomically(context.places.outputs / path, png)
    except OutputError as error:
        yield _unsaved(ready, str(error), png)
    else:
        yield ready


def _unsaved(ready: ImageReady, sentence: str, png: bytes) -> ImageUnsaved:
    return ImageUnsaved(
        **ready.model_dump(exclude={"type"}),
        sentence=sentence,
        png=base64.b64encode(png).decode("ascii"),
    )
