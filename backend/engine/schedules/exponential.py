"""Exponential: each noise level is the same fraction of the one before."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero

ALIASES = ("use_exponential_sigmas", "polyexponential")
"""Polyexponential, at the power of 1 that A1111 and k-diffusion take, is the same."""


@schedule("exponential", label="Exponential", aliases=ALIASES)
def exponential(levels: NoiseLevels, steps: int) -> Tensor:
    """Spread the steps evenly in the logarithm of the noise level.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: Lu et al. 2022 (arXiv:2206.00927), section 3.3, steps of equal width in lambda.
    """
    highest, lowest = levels.maximum.log(), levels.minimum.log()
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    return down_to_zero((highest + ramp * (lowest - highest)).exp())
