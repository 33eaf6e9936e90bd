"""Previews: what a picture will look like, small and rarely.

A tiny decoder makes them where there is one for the family, else a linear guess.
"""

import base64
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from backend.engine.failures import is_out_of_memory
from backend.engine.families.base import LatentFormat, LatentToRgb
from backend.engine.families.tiny_decoder import TinyDecoder
from backend.engine.postprocess.pictures import to_picture

LONGEST_SIDE = 256
SECONDS_BETWEEN = 0.5
SHARE_OF_TIME = 0.02


def preview_picture(
    latent: Tensor, latent_format: LatentFormat, decoder: TinyDecoder | None = None
) -> Image.Image:
    """Guess the picture of one latent, shape (channels, height, width).

    Returns:
        A picture in the proportions of the finished one, its longest side at most 256 pixels.
    """
    if decoder is None:
        small = to_picture(guess(latent, latent_format.to_rgb))
    else:
        small = to_picture(decoded(latent, latent_format.scale, decoder))
    height, width = (side * latent_format.scale for side in latent.shape[1:])
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return small.resize(size, Image.Resampling.BICUBIC)


def decoded(latent: Tensor, scale: int, decoder: TinyDecoder) -> Tensor:
    """Decode latents, shape (channels, height, width), to pixels from -1 to 1, shape (3, ...).

    Processors decode no more of them than the preview shows.
    """
    longest = max(latent.shape[1:])
    most = LONGEST_SIDE // scale if latent.device.type == "cpu" else longest
    shrink = min(1.0, most / longest)
    size = [max(1, round(side * shrink)) for side in latent.shape[1:]]
    with torch.no_grad():
        small = functional.interpolate(latent.unsqueeze(0).float(), size, mode="area")
        return decoder(small.to(decoder.dtype))[0]


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
    decoder: TinyDecoder | None = None
    """Makes them; without, or where it runs out of memory, they are guessed."""
    framed: Callable[[Image.Image], Image.Image] = field(default=lambda picture: picture)
    """Puts what is drawn into what is shown."""
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
        pictures = [self._picture(latent, latent_format) for latent in latents]
        jpegs = [as_jpeg(self.framed(picture)) for picture in pictures]
        self._last = self.now()
        self._cost = self._last - start
        self._spent += self._cost
        yield from jpegs

    def _picture(self, latent: Tensor, latent_format: LatentFormat) -> Image.Image:
        try:
            return preview_picture(latent, latent_format, self.decoder)
        except (RuntimeError, MemoryError) as error:
            if self.decoder is None or not is_out_of_memory(error):
                raise
            self.decoder = None
        return preview_picture(latent, latent_format)
