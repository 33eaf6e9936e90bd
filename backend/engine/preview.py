"""Previews: a linear guess of the picture from its latents, small and rarely."""

import base64
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from backend.engine.families.base import LatentFormat, LatentToRgb
from backend.engine.postprocess.pictures import to_picture

LONGEST_SIDE = 256
SECONDS_BETWEEN = 0.5
SHARE_OF_TIME = 0.02


def preview_picture(latent: Tensor, latent_format: LatentFormat) -> Image.Image:
    """Guess the picture of one latent, shape (channels, height, width).

    Returns:
        A picture in the proportions of the finished one, its longest side at most 256 pixels.
    """
    small = to_picture(guess(latent, latent_format.to_rgb))
    width, height = (side * latent_format.scale for side in small.size)
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return small.resize(size, Image.Resampling.BICUBIC)


def guess(latent: Tensor, to_rgb: LatentToRgb) -> Tensor:
    """Map latents, shape (channels, height, width), to pixels from -1 to 1, shape (3, ...)."""
    latent = latent.float()
    factors = latent.new_tensor(to_rgb.factors)
    return (
        torch.einsum("chw,cr->rhw", latent, factors) + latent.new_tensor(to_rgb.bias)[:, None, None]
    )


def as_jpeg(picture: Image.Image) -> str:
    """A small JPEG, base64."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=80)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


@dataclass
class PreviewPacer:
    """Says when a preview is due: at most every half second, and for at most 2 % of the time."""

    now: Callable[[], float] = time.perf_counter
    _started: float = field(init=False)
    _last: float = field(init=False)
    _spent: float = field(init=False, default=0.0)
    _cost: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._started = self._last = self.now()

    def due(self) -> bool:
        """Whether a preview may be made now, judged by what the last one cost."""
        now = self.now()
        budget = SHARE_OF_TIME * (now - self._started)
        return now - self._last >= SECONDS_BETWEEN and self._spent + self._cost <= budget

    def make(self, latents: Tensor, latent_format: LatentFormat) -> Iterator[str]:
        """Make the previews of a batch, shape (batch, channels, height, width), as JPEGs."""
        start = self.now()
        jpegs = [as_jpeg(preview_picture(latent, latent_format)) for latent in latents]
        self._last = self.now()
        self._cost = self._last - start
        self._spent += self._cost
        yield from jpegs
