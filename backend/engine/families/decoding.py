"""From latents to pictures, with the autoencoder of any family."""

import copy
from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import torch
from PIL import Image
from torch import Tensor

from backend.engine.families.base import LatentFormat, LatentToRgb, Model
from backend.engine.families.tiled_decoding import tiled_pixels
from backend.engine.networks import AutoencoderKL
from backend.engine.postprocess.pictures import is_blank, to_picture
from backend.engine.seamless import NO_WRAP, Wrap, wrapped
from backend.schema.events import Event, Stage, Warned


def decode(
    model: Model, latent: Tensor, index: int = 0, tile: int | None = None, wrap: Wrap = NO_WRAP
) -> Generator[Event, None, Image.Image]:
    """Turn the latents of one picture into the picture.

    One that comes out broken in half precision is decoded again in full precision.

    Args:
        model: Whose autoencoder decodes.
        latent: Shape (channels, height, width).
        index: The picture's place in its job, for what is told of it.
        tile: Latents along a side of what is decoded at once; None for the whole picture.
        wrap: Along which sides it continues at its opposite edge.

    Yields:
        A stage before each tile, so that a person can cancel there, and warnings.
    """
    seen = _Seen(latent, tile, wrap)
    pixels = yield from _pixels(model, model.vae, seen)
    if not latent.isfinite().all():  # no decoding helps
        yield Warned(
            sentence=f"Picture {index + 1} broke while it was drawn: the model's numbers "
            "overflowed. Try a lower CFG scale, another sampler or another checkpoint."
        )
        return to_picture(pixels)
    if _broken(pixels) and model.vae.dtype.itemsize < torch.float32.itemsize:
        yield Warned(
            sentence=f"Picture {index + 1} came out black, because the autoencoder's numbers "
            "overflowed in half precision. It was decoded again in full precision."
        )
        with model.workplace.at_work(model.vae):
            exact = copy.deepcopy(model.vae).float()  # a training may share the model's own
        pixels = yield from _pixels(model, exact, seen)
    if _broken(pixels):
        yield Warned(
            sentence=f"Picture {index + 1} is black: the model's numbers overflowed. "
            "Try a lower CFG scale or another checkpoint."
        )
    return to_picture(pixels)


def _broken(pixels: Tensor) -> bool:
    """Whether numbers overflowed: some are no numbers, or every pixel is black."""
    return not pixels.isfinite().all() or is_blank(to_picture(pixels))


@dataclass(frozen=True)
class _Seen:
    """What is decoded, and how it is looked at."""

    latent: Tensor
    tile: int | None
    wrap: Wrap


def _pixels(model: Model, vae: AutoencoderKL, seen: _Seen) -> Generator[Event, None, Tensor]:
    """Shape (3, height × scale, width × scale), from -1 to 1."""
    scaled, side, workplace = _scaled(vae, seen.latent), seen.tile, model.workplace
    if side is not None and max(scaled.shape[-2:]) > side:
        return (yield from tiled_pixels(vae, scaled, side, workplace, seen.wrap))
    yield Stage(sentence="Decoding")
    with torch.no_grad(), workplace.at_work(vae), wrapped(vae, seen.wrap):
        return vae.decode(scaled, return_dict=False)[0][0]


def _scaled(vae: AutoencoderKL, latent: Tensor) -> torch.FloatTensor:
    """As the autoencoder reads it, shape (1, channels, height, width)."""
    scaled = latent.unsqueeze(0) / vae.config["scaling_factor"]
    if vae.config["shift_factor"] is not None:
        scaled = scaled + vae.config["shift_factor"]
    return cast("torch.FloatTensor", scaled.to(vae.dtype))


def latent_format_of(vae: AutoencoderKL, to_rgb: LatentToRgb) -> LatentFormat:
    """What the latents of this autoencoder look like."""
    return LatentFormat(
        channels=vae.config["latent_channels"],
        scale=2 ** (len(vae.config["block_out_channels"]) - 1),
        to_rgb=to_rgb,
    )
