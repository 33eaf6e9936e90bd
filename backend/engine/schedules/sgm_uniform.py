"""SGM uniform: steps at equal distances in training time, the last one to the clean picture."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero


@schedule("sgm_uniform", label="SGM Uniform", aliases=("SGMUniform",))
def sgm_uniform(levels: NoiseLevels, steps: int) -> Tensor:
    """Spread the steps evenly from the last training timestep, with the first one left out.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: Stability AI's generative-models, as A1111 and ComfyUI have it; distilled models such as
    SDXL Turbo and Lightning are meant for it.
    """
    timesteps = torch.linspace(len(levels.sigmas) - 1, 0, steps + 1, dtype=torch.float64)
    return down_to_zero(levels.at(timesteps[:-1]))
