"""From pictures to latents, with the autoencoder of any family."""

import copy
from collections.abc import Generator
from typing import Protocol, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import GroupNorm, Module, ModuleList
from torch.nn.functional import interpolate

from backend.engine.families.base import Model
from backend.engine.memory.moments import Moments, whole_moments
from backend.engine.memory.tiling import Canvas, Tile, tiles
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL
from backend.schema.events import Event, Stage


def encode(model: Model, pixels: Tensor, tile: int | None = None) -> Generator[Event, None, Tensor]:
    """Turn a picture into latents: the middle of what its autoencoder takes for likely.

    Programs that draw from that range instead differ by less than a level of a pixel with usual
    autoencoders, and need random numbers for it.

    Args:
        model: Whose autoencoder encodes.
        pixels: From -1 (dark) to 1, shape (1, 3, height, width), multiples of the latents' scale.
        tile: Latents along a side of what is encoded at once; None for the whole picture.

    Yields:
        A stage before each tile, so that a person can cancel there.

    Returns:
        Clean latents, float32, shape (1, channels, height / scale, width / scale).
    """
    pixels = pixels.to(model.workplace.device)
    latents = yield from _encoded(model.vae, pixels, tile, model)
    if not latents.isfinite().all() and model.vae.dtype.itemsize < torch.float32.itemsize:
        with model.workplace.at_work(model.vae):
            exact = copy.deepcopy(model.vae).float()  # a training may share the model's own
        latents = yield from _encoded(exact, pixels, tile, model)
    shift = model.vae.config["shift_factor"] or 0.0
    return (latents.float() - shift) * model.vae.config["scaling_factor"]


def as_pixels(picture: Image.Image) -> Tensor:
    """Pixels from -1 (dark) to 1, shape (1, 3, height, width)."""
    levels = torch.from_numpy(np.array(picture.convert("RGB")))
    return levels.permute(2, 0, 1).unsqueeze(0) / 127.5 - 1


def _encoded(
    vae: AutoencoderKL, pixels: Tensor, side: int | None, model: Model
) -> Generator[Event, None, Tensor]:
    """The middle of what is likely, as the autoencoder says it, shape (1, channels, …)."""
    layers, workplace, scale = EncoderHalves(vae), model.workplace, model.latent_format.scale
    pixels = pixels.to(vae.dtype)
    height, width = (length // scale for length in pixels.shape[-2:])
    if side is not None and max(height, width) > side:
        features = yield from _tiled_features(layers, pixels, side, scale, workplace)
    else:
        yield Stage(sentence="Encoding the picture")
        with torch.no_grad(), workplace.at_work(vae):
            features = layers.local(pixels)
    with torch.no_grad(), workplace.at_work(vae):
        return layers.whole(features).chunk(2, dim=1)[0]


def _tiled_features(
    layers: "EncoderHalves", pixels: Tensor, side: int, scale: int, workplace: Workplace
) -> Generator[Event, None, Tensor]:
    """What the first half makes of a picture that is too large to be seen at once.

    Each tile is seen twice, as in decoding: group norms are measured first, then used.
    """
    yield Stage(sentence="Encoding the picture")
    height, width = (length // scale for length in pixels.shape[-2:])
    guess, measured = Moments(), Moments()
    small = (min(height, side) * scale, min(width, side) * scale)
    guessing = whole_moments(layers.modules, measured=guess)
    with torch.no_grad(), workplace.at_work(layers.vae), guessing:
        layers.local(interpolate(pixels, small, mode="nearest"))
    pieces = tiles(height, width, side)
    for number, tile in enumerate(pieces, 1):
        yield _part(number, 2 * len(pieces))
        measuring = whole_moments(layers.modules, guess, measured, tile.core)
        with torch.no_grad(), workplace.at_work(layers.vae), measuring:
            layers.local(_pixels_of(tile, pixels, scale))
    canvas = Canvas(height, width, 1)
    for number, tile in enumerate(pieces, len(pieces) + 1):
        yield _part(number, 2 * len(pieces))
        using = whole_moments(layers.modules, measured)
        with torch.no_grad(), workplace.at_work(layers.vae), using:
            canvas.lay(tile, layers.local(_pixels_of(tile, pixels, scale))[0])
    return canvas.picture().unsqueeze(0).to(pixels.dtype)


def _pixels_of(tile: Tile, pixels: Tensor, scale: int) -> Tensor:
    rows, columns = (
        slice(piece.start * scale, piece.stop * scale) for piece in (tile.rows, tile.columns)
    )
    return pixels[..., rows, columns]


def _part(number: int, count: int) -> Stage:
    return Stage(sentence=f"Encoding part {number} of {count}")


class _Encoder(Protocol):
    """The parts of diffusers' encoder."""

    conv_in: Module
    down_blocks: ModuleList
    mid_block: Module
    conv_norm_out: GroupNorm
    conv_act: Module
    conv_out: Module


class EncoderHalves:
    """An autoencoder's encoder in two halves."""

    def __init__(self, vae: AutoencoderKL) -> None:
        self.vae = vae
        self._encoder = cast("_Encoder", vae.encoder)

    @property
    def modules(self) -> tuple[Module, ...]:
        """Those of the first half."""
        return (self._encoder.down_blocks,)

    def local(self, pixels: Tensor) -> Tensor:
        """The first half, down to the latents' size; but for its norms, all is seen locally.

        Args:
            pixels: Shape (1, 3, height, width), the whole or a tile.
        """
        features = self._encoder.conv_in(pixels)
        for block in self._encoder.down_blocks:
            features = block(features)
        return features

    def whole(self, features: Tensor) -> Tensor:
        """The second half, whose attention relates all to all."""
        encoder = self._encoder
        features = encoder.conv_norm_out(encoder.mid_block(features))
        moments = encoder.conv_out(encoder.conv_act(features))
        quant_conv = self.vae.quant_conv
        return moments if quant_conv is None else quant_conv(moments)
