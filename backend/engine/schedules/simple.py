"""Simple: every n-th training timestep, counted from the noisiest."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero


@schedule("simple", label="Simple", aliases=("trailing",))
def simple(levels: NoiseLevels, steps: int) -> Tensor:
    """Take whole timesteps at equal distances, from the last one down.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: Lin et al. 2023 (arXiv:2305.08891), table 2, "trailing", rounded as ComfyUI does.
    """
    count = len(levels.sigmas)
    passed = (torch.arange(steps, dtype=torch.float64) * count / steps).long()
    return down_to_zero(levels.sigmas[count - 1 - passed])
