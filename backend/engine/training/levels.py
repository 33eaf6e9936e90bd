"""How noisy a picture is when it is learned: some levels are learned more often than others."""

import math

import torch
from torch import Tensor

from backend.schema.training_learning import Timesteps

_MODE_SCALE = 1.29
"""How much more often the middle is learned; the best in the paper's table 1 of its kind."""


def drawn(timesteps: Timesteps, count: int, chance: torch.Generator) -> Tensor:
    """Draw levels, shape (count,), from 0 for a clean picture to 1 for noise alone.

    Source: Esser et al. 2024 (arXiv:2403.03206), equations 19 and 20.
    """
    if timesteps == "logit_normal":
        return torch.randn(count, generator=chance).sigmoid()
    even = torch.rand(count, generator=chance)
    if timesteps == "mode":
        bent = torch.cos(math.pi / 2 * even) ** 2 - 1 + even
        return (1 - even - _MODE_SCALE * bent).clamp(0, 1)
    return even


def shifted(levels: Tensor, shift: float) -> Tensor:
    """Levels moved towards noise, by 1 not at all.

    Source: Esser et al. 2024 (arXiv:2403.03206), equation 23.
    """
    return shift * levels / (1 + (shift - 1) * levels)
