"""From latents to larger ones, with or without a look at the picture between."""

import math
from collections.abc import Generator
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from backend.engine.families.base import Model
from backend.engine.families.encoding import as_pixels, encode
from backend.engine.seamless import Wrap
from backend.engine.work import Work
from backend.schema.events import Event, Stage
from backend.schema.hires import Pass, ResolvedHires
from backend.schema.upscaling import ResolvedUpscaler

_MARGIN = 64
"""Pixels beyond an edge that upscalers and encoders see at least, where pictures wrap around."""


def enlarged(
    work: Work, hires: ResolvedHires, latents: Tensor | None, to: Pass
) -> Generator[Event, None, Tensor]:
    """The latents of a batch, larger.

    Args:
        work: What the job has at hand.
        hires: What enlarges.
        latents: Shape (batch, channels, height, width); None for the picture that was begun with.
        to: The size that they are to have.

    Returns:
        Clean latents; of one picture alone, where that is what the whole batch begins with.

    Raises:
        ModelError: When an upscaler is missing, broken, or none.
        OutOfMemoryError: When it does not fit, whatever is done.
    """
    wrap = Wrap.of(work.wanted.seamless)
    if hires.method == "latent" and latents is not None:
        yield Stage(sentence="Enlarging")
        model = yield from work.loaded(work.wanted.model)
        scale = model.latent_format.scale
        return larger_latents(latents, to.height // scale, to.width // scale, wrap)
    pictures = yield from _pictures(work, latents)
    work.let_go()  # an upscaler may need the room of the checkpoint
    large: list[Image.Image] = []
    for picture in pictures:
        large.append((yield from _larger(work, hires, picture, to)))  # noqa: PERF401 - it yields
    model = yield from work.loaded(work.wanted.model)
    found: list[Tensor] = []
    for picture in large:
        encoding = partial(_encoded, work, model, picture, wrap)
        found.append((yield from work.ladder.attempts("encode", encoding)))
    return torch.cat(found)


def larger_latents(latents: Tensor, height: int, width: int, wrap: Wrap) -> Tensor:
    """Latents in another size, bilinearly as A1111's upscaler “Latent”.

    Args:
        latents: Shape (batch, channels, …).
        height: Of the result.
        width: Of the result.
        wrap: Along which sides what is beyond an edge is what is at the opposite one.
    """
    down, across = 3 if wrap.down else 1, 3 if wrap.across else 1
    around = latents.repeat(1, 1, down, across)
    large = functional.interpolate(around, (height * down, width * across), mode="bilinear")
    top, left = down // 2 * height, across // 2 * width
    return large[..., top : top + height, left : left + width]


def _pictures(work: Work, latents: Tensor | None) -> Generator[Event, None, list[Image.Image]]:
    """The pictures of a batch as they are before they are enlarged."""
    if latents is None:
        return [work.source.original()]
    pictures: list[Image.Image] = []
    for number, latent in enumerate(latents):
        decoding = partial(work.decoded, work.wanted.model, latent, number)
        pictures.append((yield from work.ladder.attempts("decode", decoding)))
    return pictures


def _larger(
    work: Work, hires: ResolvedHires, picture: Image.Image, to: Pass
) -> Generator[Event, None, Image.Image]:
    """One picture in another size; where it wraps around, so do the enlarged edges."""
    wrap = Wrap.of(work.wanted.seamless)
    width, height = picture.size
    beside = _margin(width, to.width) if wrap.across else 0
    above = _margin(height, to.height) if wrap.down else 0
    edges = ((above, above), (beside, beside), (0, 0))
    around = Image.fromarray(np.pad(np.asarray(picture.convert("RGB")), edges, mode="wrap"))
    left, top = beside * to.width // width, above * to.height // height
    size = (to.width + 2 * left, to.height + 2 * top)
    which = hires.upscaler
    if which is None:
        yield Stage(sentence="Enlarging")
        large = around.resize(size, Image.Resampling.LANCZOS)
    else:
        large = yield from _by_model(work, which, around, size)
    return large.crop((left, top, left + to.width, top + to.height))


def _by_model(
    work: Work, which: ResolvedUpscaler, picture: Image.Image, size: tuple[int, int]
) -> Generator[Event, None, Image.Image]:
    from backend.engine.upscaling.by_model import enlarged_by  # noqa: PLC0415 - few starts need it

    yield Stage(sentence=f"Loading {which.name}")
    enlarging = enlarged_by(picture, size, which, work.context)
    while True:
        try:
            done, tiles = next(enlarging)
        except StopIteration as end:
            return end.value
        part = f", part {done + 1} of {tiles}" if tiles > 1 and done < tiles else ""
        yield Stage(sentence=f"Enlarging with {which.name}{part}")


def _margin(before: int, after: int) -> int:
    """Pixels beyond an edge that are seen, as many as become a whole number of pixels."""
    unit = before // math.gcd(before, after)
    return min(before, -(-_MARGIN // unit) * unit)


def _encoded(
    work: Work, model: Model, picture: Image.Image, wrap: Wrap
) -> Generator[Event, None, Tensor]:
    """The latents of a picture, shape (1, channels, height, width)."""
    scale, pixels = model.latent_format.scale, as_pixels(picture)
    margin = min(_MARGIN, *picture.size) // scale * scale
    latents = yield from encode(model, wrap.extended(pixels, margin), work.ladder.means.tile)
    return wrap.cut(latents, margin // scale)
