"""Normal: steps at equal distances in training time."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero


@schedule("normal", label="Normal", aliases=("uniform", "linspace"))
def normal(levels: NoiseLevels, steps: int) -> Tensor:
    """Spread the steps evenly from the last training timestep to the first.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: the schedule that k-diffusion and diffusers ("linspace") take when none is chosen.
    """
    timesteps = torch.linspace(len(levels.sigmas) - 1, 0, steps, dtype=torch.float64)
    return down_to_zero(levels.at(timesteps))
