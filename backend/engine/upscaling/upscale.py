"""The story of an enlargement, from one file to another."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from backend.engine.accelerator import free_bytes, free_memory
from backend.engine.context import Context
from backend.engine.residency import Residency
from backend.engine.saving import written
from backend.engine.upscaling.tiled import SMALLEST_TILE, Tiling
from backend.engine.upscaling.upscalers import Upscaler, Upscalers
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

_LARGEST_TILES = {"cpu": 256}
"""A processor takes long for a tile, and is asked between two whether to go on."""
_LARGEST_TILE = 512
_ROUND = 32
_SHARE_OF_FREE = 0.5
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
        pixels = yield from _by_model(opened.pixels, size, wanted, wanted.upscaler, context)
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
    wanted: ResolvedUpscaling,
    which: ResolvedUpscaler,
    context: Context,
) -> Generator[Event, None, Image.Image | None]:
    """The picture enlarged by a model, used again until it is large enough; None where skipped."""
    yield Stage(sentence=f"Loading {which.name}")
    upscaler = context.keep("upscalers", Upscalers).get(which)
    residency = context.keep("residency", Residency)
    tiling = Tiling(upscaler, _tile(upscaler, residency), lambda: _let_go(residency))
    sizes = _sizes(picture.size, size, upscaler.scale, wanted.factor)
    befores = (picture.size, *sizes)
    tiles = sum(tiling.count(*before, after) for before, after in zip(befores, sizes, strict=False))
    yield Stage(sentence=f"Enlarging with {which.name}")
    pixels = np.asarray(picture.convert("RGB"))
    done, began = 0, time.perf_counter()
    for after in sizes:
        enlarging = tiling.enlarge(pixels, after)
        while True:
            try:
                done += next(enlarging)
            except StopIteration as end:
                pixels = end.value
                break
            left = (time.perf_counter() - began) / done * (tiles - done) if done else None
            yield Progress(step=done, steps=tiles, batch=1, batches=1, seconds_left=left)
            if context.skipped:
                return None
    return _with_alpha_of(picture, Image.fromarray(pixels))


def _with_alpha_of(picture: Image.Image, large: Image.Image) -> Image.Image:
    """The enlarged colours with what the picture had of transparency."""
    if picture.mode == "RGBA":
        alpha = picture.getchannel("A").resize(large.size, Image.Resampling.LANCZOS)
        large.putalpha(alpha)
    return large


def _sizes(
    before: tuple[int, int], wanted: tuple[int, int], scale: int, factor: float
) -> tuple[tuple[int, int], ...]:
    """The size after each use of a model, the last one as it is wanted."""
    sizes: list[tuple[int, int]] = []
    width, height = before
    reached = scale
    while reached < factor:
        width, height = width * scale, height * scale
        sizes.append((width, height))
        reached *= scale
    return (*sizes, wanted)


def _tile(upscaler: Upscaler, residency: Residency) -> int:
    """The side of tiles that fit into what is free, in pixels."""
    largest = _LARGEST_TILES.get(upscaler.device.type, _LARGEST_TILE)
    side = _fitting(upscaler)
    if side < largest and _let_go(residency):
        side = _fitting(upscaler)
    return max(SMALLEST_TILE, min(largest, side // _ROUND * _ROUND))


def _fitting(upscaler: Upscaler) -> int:
    room = free_bytes(upscaler.device) * _SHARE_OF_FREE
    return int((room / upscaler.bytes_per_pixel) ** 0.5)


def _let_go(residency: Residency) -> bool:
    """Have the checkpoints leave the memory; tells whether there were some."""
    held = residency.held_bytes > 0
    residency.free_memory()
    free_memory()
    return held


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
