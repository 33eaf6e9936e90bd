"""Maps as latents, which the ControlNets of transformers look at."""

from collections.abc import Generator
from typing import TypeVar

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from backend.engine.control.hints import as_share
from backend.engine.families.base import Model
from backend.engine.families.encoding import as_pixels, encode
from backend.schema.events import Event

MASKED = 0.5
"""From here on, a mask is taken for white."""
Found = TypeVar("Found")


def map_latents(model: Model, pixels: Tensor) -> Tensor:
    """Encode a map.

    Args:
        model: Whose autoencoder encodes.
        pixels: Usually from -1 (dark) to 1, shape (1, 3, height, width).

    Returns:
        Float32, shape (1, channels, height / scale, width / scale).
    """
    return _result(encode(model, pixels, model.workplace.tile))


def latents_to_paint(model: Model, picture: Image.Image, mask: Image.Image | None) -> Tensor:
    """Encode a picture that is to be painted where a mask is, with black there, and the mask.

    Args:
        model: Whose autoencoder encodes.
        picture: RGB.
        mask: Grey, of the same size; white is what is to be painted, which is nothing without.

    Returns:
        The latents, and as one more channel 1 where the picture is to stay and 0 elsewhere.
    """
    pixels = as_pixels(picture)
    height, width = pixels.shape[-2:]
    painted = torch.zeros(1, 1, height, width) if mask is None else as_share(mask)
    latents = map_latents(model, torch.where(painted > MASKED, -1.0, pixels))
    stays = 1 - interpolate(painted, latents.shape[-2:])
    return torch.cat([latents, stays.to(latents)], dim=1)


def _result(work: Generator[Event, None, Found]) -> Found:
    """What comes of work whose stages nobody waits for: encoding one map takes a moment."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
