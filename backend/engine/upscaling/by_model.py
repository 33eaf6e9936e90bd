"""Enlarging a picture with a model, in tiles that fit into the memory that there is."""

from collections.abc import Generator

import numpy as np
from PIL import Image

from backend.engine.accelerator import free_bytes, free_memory
from backend.engine.context import Context
from backend.engine.residency import Residency
from backend.engine.upscaling.tiled import SMALLEST_TILE, Tiling
from backend.engine.upscaling.upscalers import Upscaler, Upscalers
from backend.schema.upscaling import ResolvedUpscaler

_LARGEST_TILES = {"cpu": 256}
"""A processor takes long for a tile, and is asked between two whether to go on."""
_LARGEST_TILE = 512
_ROUND = 32
_SHARE_OF_FREE = 0.5


def enlarged_by(
    picture: Image.Image, size: tuple[int, int], which: ResolvedUpscaler, context: Context
) -> Generator[tuple[int, int], None, Image.Image]:
    """The picture enlarged by a model, which is used again until it is large enough.

    Args:
        picture: What is enlarged.
        size: Width and height of the result.
        which: The model.
        context: The job's surroundings.

    Yields:
        How many tiles are done, and how many there are: when the model is loaded, and after each.

    Raises:
        ModelError: When the model is missing, broken, or none.
        OutOfMemoryError: When there is no room for the smallest tile.
    """
    upscaler = context.keep("upscalers", Upscalers).get(which)
    residency = context.keep("residency", Residency)
    tiling = Tiling(upscaler, _tile(upscaler, residency), lambda: _let_go(residency))
    sizes = _sizes(picture.size, size, upscaler.scale)
    befores = (picture.size, *sizes)
    tiles = sum(tiling.count(*before, after) for before, after in zip(befores, sizes, strict=False))
    pixels = np.asarray(picture.convert("RGB"))
    done = 0
    yield done, tiles
    for after in sizes:
        enlarging = tiling.enlarge(pixels, after)
        while True:
            try:
                done += next(enlarging)
            except StopIteration as end:
                pixels = end.value
                break
            yield done, tiles
    return _with_alpha_of(picture, Image.fromarray(pixels))


def _with_alpha_of(picture: Image.Image, large: Image.Image) -> Image.Image:
    """The enlarged colours with what the picture had of transparency."""
    if picture.mode == "RGBA":
        alpha = picture.getchannel("A").resize(large.size, Image.Resampling.LANCZOS)
        large.putalpha(alpha)
    return large


def _sizes(
    before: tuple[int, int], wanted: tuple[int, int], scale: int
) -> tuple[tuple[int, int], ...]:
    """The size after each use of a model, the last one as it is wanted."""
    sizes: list[tuple[int, int]] = []
    width, height = before
    while width * scale < wanted[0] or height * scale < wanted[1]:
        width, height = width * scale, height * scale
        sizes.append((width, height))
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
