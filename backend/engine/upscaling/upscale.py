"""The story of an enlargement, from one file to another."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
from PIL import Image

from backend.engine.context import Context
from backend.engine.saving import written
from backend.engine.upscaling.by_model import enlarged_by
from backend.metadata.encoding_upscaled import encode_upscaled
from backend.metadata.opening import open_picture
from backend.outputs.naming import upscaled_path
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, ImageReady, Progress, Skipped, Stage, Warned
from backend.schema.upscaling import (
    ResolvedUpscaler,
    ResolvedUpscaling,
    enlarged_size,
    require_room,
)

_BYTES_PER_PIXEL = 12
"""The result as it is put together, as a picture, and as a file."""
_GIB = 2**30


def upscale(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Enlarge a picture into a new one; the picture itself is kept.

    Args:
        request: A `ResolvedUpscaling` as JSON.
        context: The job's surroundings.

    Raises:
        RequestError: When the picture cannot be read, or the result would be too large.
        ModelError: When the upscaler is missing, broken, or none.
        OutOfMemoryError: When there is no room for the result, or for the smallest tile.
    """
    wanted = ResolvedUpscaling.model_validate(request)
    if context.finished_indices:
        return
    yield Stage(sentence="Reading the picture")
    source = Path(wanted.path)
    opened = open_picture(source)
    for note in opened.notes:
        yield Warned(sentence=note)
    require_room(wanted.name, *opened.pixels.size, wanted.factor, wanted.output)
    size = enlarged_size(*opened.pixels.size, wanted.factor)
    _require_memory(size)
    if wanted.upscaler is None:
        yield Stage(sentence="Enlarging")
        pixels = opened.pixels.resize(size, Image.Resampling.LANCZOS)
    else:
        pixels = yield from _by_model(opened.pixels, size, wanted.upscaler, context)
    if pixels is None or context.skipped:
        yield Skipped(indices=(0,))
        return
    yield Stage(sentence="Saving")
    content = encode_upscaled(pixels, wanted, source, context.created)
    path = upscaled_path(context.job, context.created, wanted.output.format)
    ready = ImageReady(
        index=0, path=path.as_posix(), width=size[0], height=size[1], seed=wanted.seed
    )
    yield written(content, ready, context)


def _by_model(
    picture: Image.Image,
    size: tuple[int, int],
    which: ResolvedUpscaler,
    context: Context,
) -> Generator[Event, None, Image.Image | None]:
    """The picture enlarged by a model; None where it is skipped."""
    yield Stage(sentence=f"Loading {which.name}")
    enlarging = enlarged_by(picture, size, which, context)
    next(enlarging)
    began = time.perf_counter()
    yield Stage(sentence=f"Enlarging with {which.name}")
    while True:
        try:
            done, tiles = next(enlarging)
        except StopIteration as end:
            return end.value
        left = (time.perf_counter() - began) / done * (tiles - done) if done else None
        yield Progress(step=done, steps=tiles, batch=1, batches=1, seconds_left=left)
        if context.skipped:
            return None


def _require_memory(size: tuple[int, int]) -> None:
    needed = size[0] * size[1] * _BYTES_PER_PIXEL
    free = psutil.virtual_memory().available
    if needed > free:
        raise OutOfMemoryError(
            f"A picture of {size[0]:,} × {size[1]:,} pixels needs {needed / _GIB:.1f} GB while it "
            f"is made, and {free / _GIB:.1f} GB of memory are free.",
            "Choose a smaller factor, or end other programs.",
            needed,
            free,
        )
