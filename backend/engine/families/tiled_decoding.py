"""Decoding a picture in tiles, so that large ones take little memory.

What sees the whole picture stays whole: the first layers with their attention, which work on few
pixels, and the group norms of the others. The norms' means and variances are first guessed from a
thinned-out picture, then measured tile by tile with the guess, then used; so each tile is decoded
twice.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor
from torch.nn import GroupNorm, Module, ModuleList
from torch.nn.functional import interpolate

from backend.engine.memory.moments import Moments, whole_moments
from backend.engine.memory.tiling import Canvas, tiles
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL
from backend.engine.seamless import NO_WRAP, Wrap, wrapped
from backend.memory.tiles import OVERLAP_SHARE
from backend.schema.events import Event, Stage


class _Decoder(Protocol):
    """The parts of diffusers' decoder."""

    conv_in: Module
    mid_block: Module
    up_blocks: ModuleList
    conv_norm_out: GroupNorm
    conv_act: Module
    conv_out: Module


def tiled_pixels(
    vae: AutoencoderKL,
    scaled: Tensor,
    side: int,
    workplace: Workplace,
    wrap: Wrap = NO_WRAP,
) -> Generator[Event, None, Tensor]:
    """Decode latents of shape (1, channels, height, width) in tiles.

    Args:
        vae: The autoencoder.
        scaled: As it reads them.
        side: Latents along a side of a tile.
        workplace: Where it works.
        wrap: Along which sides the picture continues at its opposite edge.

    Yields:
        A stage before each tile.

    Returns:
        Shape (3, height × scale, width × scale), from -1 to 1.
    """
    layers = DecoderHalves(vae)
    yield Stage(sentence="Decoding")
    with torch.no_grad(), workplace.at_work(vae), wrapped(vae, wrap):
        features = layers.whole(scaled)
    margin = side // OVERLAP_SHARE  # so much that tiles at an edge see what is beyond it
    features = wrap.extended(features, margin) if wrap else features
    height, width = features.shape[-2:]
    with torch.no_grad(), workplace.at_work(vae):
        guess, measured = Moments(), Moments()
        small = (min(height, side), min(width, side))
        with whole_moments(layers.modules, measured=guess):
            layers.local(interpolate(features, small, mode="nearest"))
    pieces = tiles(height, width, side)
    for number, tile in enumerate(pieces, 1):
        yield _part(number, 2 * len(pieces))
        measuring = whole_moments(layers.modules, guess, measured, tile.core)
        with torch.no_grad(), workplace.at_work(vae), measuring:
            layers.local(tile.of(features))
    scale = 2 ** (len(vae.config["block_out_channels"]) - 1)
    canvas = Canvas(height, width, scale)
    for number, tile in enumerate(pieces, len(pieces) + 1):
        yield _part(number, 2 * len(pieces))
        with torch.no_grad(), workplace.at_work(vae), whole_moments(layers.modules, measured):
            canvas.lay(tile, layers.local(tile.of(features))[0])
    return wrap.cut(canvas.picture(), margin * scale)


def _part(number: int, count: int) -> Stage:
    return Stage(sentence=f"Decoding part {number} of {count}")


@dataclass(frozen=True)
class DecoderHalves:
    """An autoencoder's decoder in two halves."""

    vae: AutoencoderKL

    @property
    def _decoder(self) -> _Decoder:
        return cast("_Decoder", self.vae.decoder)

    @property
    def modules(self) -> tuple[Module, ...]:
        """Those of the second half."""
        return (self._decoder.up_blocks, self._decoder.conv_norm_out)

    def whole(self, scaled: Tensor) -> Tensor:
        """The first half, as large as the latents; its attention relates all to all."""
        if self.vae.post_quant_conv is not None:
            scaled = self.vae.post_quant_conv(scaled)
        return self._decoder.mid_block(self._decoder.conv_in(scaled))

    def local(self, features: Tensor) -> Tensor:
        """The second half, up to the pixels; but for its norms, each pixel sees its surroundings.

        Args:
            features: Shape (1, channels, height, width), the whole or a tile.
        """
        for block in self._decoder.up_blocks:
            features = block(features)
        decoder = self._decoder
        return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(features)))
