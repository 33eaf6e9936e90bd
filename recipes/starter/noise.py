"""The noise schedule of the starter model and what it learns to predict."""

import torch
from torch import Tensor


def noise_levels(steps: int = 1000) -> Tensor:
    """Return the share of signal power (alpha-bar) of every time, scaled-linear betas."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, steps) ** 2
    return torch.cumprod(1 - betas, 0)


def add_noise(latents: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Mix latents (N × C × H × W) and noise at the levels (N)."""
    level = level.view(-1, 1, 1, 1)
    return level.sqrt() * latents + (1 - level).sqrt() * noise


def velocity(latents: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Return the target of v-prediction (Salimans and Ho, 2022)."""
    level = level.view(-1, 1, 1, 1)
    return level.sqrt() * noise - (1 - level).sqrt() * latents


def loss_weights(levels: Tensor) -> Tensor:
    """Return how much the error of each time matters, (min(SNR, 4) + 1) / (SNR + 1).

    The usual min-SNR weight of v-prediction (Hang et al., 2023) goes to zero at high noise, where
    the prompt decides what so small a latent becomes; this one goes to one there.
    """
    ratio = levels / (1 - levels)
    return (ratio.clamp(max=4.0) + 1) / (ratio + 1)
