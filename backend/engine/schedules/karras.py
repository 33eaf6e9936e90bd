"""Karras: steps that get shorter towards the clean picture, where detail is decided."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero

RHO = 7.0


@schedule("karras", label="Karras", aliases=("use_karras_sigmas",))
def karras(levels: NoiseLevels, steps: int) -> Tensor:
    """Spread the steps evenly in the seventh root of the noise level.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: Karras et al. 2022 (arXiv:2206.00364), equation 5.
    """
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    highest, lowest = levels.maximum ** (1 / RHO), levels.minimum ** (1 / RHO)
    return down_to_zero((highest + ramp * (lowest - highest)) ** RHO)
