"""What the engine asks of a loaded checkpoint, whatever its family."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor

from backend.engine.samplers.base import Denoiser
from backend.engine.schedules.base import NoiseLevels
from backend.schema.base import Frozen


class LatentToRgb(Frozen):
    """A linear guess of the picture from its latents, for previews."""

    factors: tuple[tuple[float, float, float], ...]
    """One row for each latent channel: what it adds to red, green and blue, in -1 … 1."""
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class LatentFormat:
    """What a family's latents look like."""

    channels: int
    scale: int
    """Pixels along one side of a latent."""
    to_rgb: LatentToRgb


@dataclass(frozen=True)
class Conditioning:
    """The encoded prompts, one row each: what to draw and what not."""

    positive: Tensor
    """Shape (1, tokens, width)."""
    negative: Tensor
    """In the same shape."""


@dataclass
class ModelClock:
    """Counts the time spent inside calls of the text encoder, the denoising network and the VAE."""

    seconds: float = field(default=0.0)

    @contextmanager
    def running(self) -> Generator[None]:
        """Count the time of one call; on an accelerator, until the call is queued there."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start


class Model(Protocol):
    """A loaded checkpoint.

    Its methods turn gradients off within themselves only, because a training may share the weights.
    """

    @property
    def levels(self) -> NoiseLevels:
        """The noise levels it was trained at."""
        ...

    @property
    def latent_format(self) -> LatentFormat:
        """What its latents look like."""
        ...

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        ...

    @property
    def clock(self) -> ModelClock:
        """The time spent in its networks since it was loaded."""
        ...

    def encode_prompts(self, positive: str, negative: str) -> Conditioning:
        """Encode what to draw and what not, to the same number of tokens."""
        ...

    def denoiser(self, conditioning: Conditioning, cfg_scale: float) -> Denoiser:
        """The guided estimate of the clean latents, one call of the network for both prompts."""
        ...

    def decode(self, latent: Tensor) -> Image.Image:
        """Turn the latents of one picture, shape (channels, height, width), into the picture."""
        ...
