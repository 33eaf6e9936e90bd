"""The latents that drawing begins with, from the picture and its mask."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from backend.engine.families.base import Masked, Model
from backend.engine.families.encoding import as_pixels, encode
from backend.engine.source.scene import Scene
from backend.schema.events import Event
from backend.schema.source_settings import Fit

_PAINTED_FROM = 0.5
"""The mask's strength from which models that learned to inpaint are told that all is painted."""


@dataclass(frozen=True)
class Beginning:
    """A picture as a model's latents; all of shape (1, channels, height, width)."""

    kept: Tensor
    """The picture as it was."""
    start: Tensor
    """What drawing begins with."""
    mask: Tensor | None = None
    """How much may change, from 0 to 1, one channel; None for all."""
    noisy: bool = False
    """Whether noise lies where the mask is, before any is added."""
    masked: Masked | None = None
    """What models are told that learned to inpaint."""

    def with_noise(self, noise: Tensor, sigma: Tensor, signal: Tensor) -> Tensor:
        """What the first step begins with.

        Args:
            noise: Standard normal, shape (batch, channels, height, width).
            sigma: The noise level.
            signal: How much of the picture is left at it.
        """
        start = self.start
        if self.noisy and self.mask is not None:
            start = start + noise * self.mask
        return start * signal + noise * sigma

    def unchanged(self, pictures: int) -> Tensor:
        """What is there where no step is taken, for so many pictures."""
        return self.kept.expand(pictures, -1, -1, -1)


def beginning(
    model: Model, scene: Scene, fit: Fit, tile: int | None
) -> Generator[Event, None, Beginning]:
    """Encode the picture that drawing begins with.

    Args:
        model: Who draws.
        scene: The picture and its mask.
        fit: How it is brought to the size that is drawn.
        tile: Latents along a side of what is encoded at once; None for the whole.
    """
    original = as_pixels(scene.original())
    if fit == "latent" and scene.mask is None:
        kept = yield from _resized(model, scene, tile)
    else:
        kept = yield from encode(model, original, tile)
    if scene.drawn_mask is None:
        return Beginning(kept, kept)
    pixels = _as_mask(scene.drawn_mask).to(kept.device)
    mask = avg_pool2d(pixels, model.latent_format.scale)
    start = kept
    if scene.fill == "smear":
        start = yield from encode(model, as_pixels(scene.start()), tile)
    elif scene.fill in {"noise", "nothing"}:
        start = kept * (1 - mask)
    told = None
    if model.sees_mask:
        told = yield from _told(model, original, pixels, tile)
    return Beginning(kept, start, mask, noisy=scene.fill == "noise", masked=told)


def _resized(model: Model, scene: Scene, tile: int | None) -> Generator[Event, None, Tensor]:
    """The latents of the picture at its own size, stretched to the size that is drawn."""
    scale = model.latent_format.scale
    width, height = (max(scale, round(side / scale) * scale) for side in scene.picture.size)
    own = scene.picture.resize((width, height), Image.Resampling.LANCZOS)
    latents = yield from encode(model, as_pixels(own), tile)
    size = (scene.frame.size[1] // scale, scene.frame.size[0] // scale)
    return interpolate(latents, size, mode="bilinear", antialias=True)


def _told(
    model: Model, original: Tensor, pixels: Tensor, tile: int | None
) -> Generator[Event, None, Masked]:
    """The mask, hard, and the latents of the picture with grey where it is.

    Args:
        model: Who is told.
        original: The picture, shape (1, 3, height, width), from -1 to 1.
        pixels: The mask, shape (1, 1, height, width), from 0 to 1.
        tile: Latents along a side of what is encoded at once; None for the whole.
    """
    painted = (pixels >= _PAINTED_FROM).float()
    left = yield from encode(model, original * (1 - painted.to(original.device)), tile)
    return Masked(painted.to(left.device), left)


def _as_mask(mask: Image.Image) -> Tensor:
    """From 0 to 1, shape (1, 1, height, width)."""
    return torch.from_numpy(np.array(mask, dtype=np.float32) / 255)[None, None]
