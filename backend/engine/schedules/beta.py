"""Beta: steps that are short at both ends of the training time, and long between them."""

import torch
from torch import Tensor

from backend.engine.registry import schedule
from backend.engine.schedules.base import NoiseLevels, down_to_zero

SHAPE = 0.6
PIECES = 4096


@schedule("beta", label="Beta", aliases=("use_beta_sigmas",))
def beta(levels: NoiseLevels, steps: int) -> Tensor:
    """Place the timesteps at even quantiles of a beta distribution over the training time.

    Returns:
        Falling noise levels, shape (steps + 1,), the last one 0.

    Source: Lee et al. 2024 (arXiv:2407.12173), with both shapes 0.6, as A1111 has it.
    """
    shares = torch.linspace(1, 0, steps, dtype=torch.float64)
    return down_to_zero(levels.at(_quantiles(shares) * (len(levels.sigmas) - 1)))


def _quantiles(shares: Tensor) -> Tensor:
    """Where the beta distribution has these shares of its mass below, each from 0 to 1.

    Its density t^(a - 1) (1 - t)^(a - 1) is infinite at the ends, but in u = t^a smooth up to the
    middle; there it is summed, and beyond the middle mirrored.
    """
    u = torch.linspace(0, 0.5**SHAPE, PIECES + 1, dtype=torch.float64)
    density = (1 - u ** (1 / SHAPE)) ** (SHAPE - 1)
    mass = torch.cumulative_trapezoid(density, u)
    mass = torch.cat([mass.new_zeros(1), mass / mass[-1] / 2])
    wanted = torch.minimum(shares, 1 - shares)
    above = torch.searchsorted(mass, wanted).clamp(1, PIECES)
    fraction = (wanted - mass[above - 1]) / (mass[above] - mass[above - 1])
    places = (u[above - 1] + fraction * (u[above] - u[above - 1])) ** (1 / SHAPE)
    return torch.where(shares > 1 / 2, 1 - places, places)
