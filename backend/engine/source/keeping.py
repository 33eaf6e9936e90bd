"""Keeping what the mask leaves, at every step of drawing.

What may not change yet is, at each noise level, the picture itself with noise of that level. A
pixel whose mask is grey begins to change the later, the darker it is: so it changes less.

Source: Lugmayr et al. 2022 (arXiv:2201.09865), equation 8, for a mask of black and white; Levin and
Fried 2023 (arXiv:2306.00950), algorithm 1, for grey ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.engine.samplers.base import Denoiser


@dataclass(frozen=True)
class KeepingDenoiser:
    """A denoiser that sees and estimates the picture itself where nothing may change."""

    denoise: Denoiser
    kept: Tensor
    """The picture's clean latents, shape (1, channels, height, width)."""
    noise: Tensor
    """What the batch began with, shape (batch, channels, height, width)."""
    mask: Tensor
    """How much may change, from 0 to 1, shape (1, 1, height, width)."""
    sigmas: Tensor
    """The noise levels of the steps that are taken, shape (steps + 1,), falling."""
    signal: Callable[[Tensor], Tensor]
    """How much of the picture is left at a noise level."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, channels, height, width)."""
        changes = self.mask > self._threshold(sigma)
        seen = torch.where(changes, x, self.kept * self.signal(sigma) + self.noise * sigma)
        return torch.where(changes, self.denoise(seen, sigma), self.kept)

    def _threshold(self, sigma: Tensor) -> float:
        """What the mask has to exceed for a latent to change: from nearly 1, falling to 0."""
        steps = len(self.sigmas) - 1
        begun = int((self.sigmas[:-1] >= sigma).sum())
        return 1 - max(1, begun) / steps
