"""The noise levels a model was trained at, which every schedule spreads over its steps."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class NoiseLevels:
    """The noise level of each training timestep, in k-diffusion's terms.

    Between timesteps log sigma is interpolated, both ways, so that a fraction of a timestep is
    found again from its level, and models are told it unrounded. k-diffusion does the same;
    diffusers interpolates sigma itself for its levels, which differs by up to 1e-4 of the value.
    """

    sigmas: Tensor
    """Rising, shape (timesteps,), float64, above 0."""
    blended: bool = False
    """Whether noise takes the picture's place, as in flow matching, or is added to it."""

    @classmethod
    def from_betas(cls, betas: Tensor) -> "NoiseLevels":
        """Accumulate the noise that training adds at each timestep.

        Args:
            betas: The share of variance added at each timestep, shape (timesteps,), from 0 to 1.
                Their precision is kept: programs that the results are compared with use float32.
        """
        alphas = (1 - betas).cumprod(0)
        return cls(((1 - alphas) / alphas).sqrt().double())

    @classmethod
    def flow(cls, shift: float, count: int = 1000) -> "NoiseLevels":
        """The levels of flow matching, at which (1 - sigma) of the picture is left.

        Args:
            shift: How far they are moved up for large pictures, 1 for not at all.
            count: How many there are, up to noise alone.

        Source: Esser et al. 2024 (arXiv:2403.03206), equation 23.
        """
        even = torch.arange(1, count + 1, dtype=torch.float64) / count
        return cls(shift * even / (1 + (shift - 1) * even), blended=True)

    @property
    def minimum(self) -> Tensor:
        """The noise level of the first timestep."""
        return self.sigmas[0]

    @property
    def maximum(self) -> Tensor:
        """The noise level of the last timestep."""
        return self.sigmas[-1]

    def at(self, timesteps: Tensor) -> Tensor:
        """The noise levels at (fractions of) timesteps, which lie in [0, count - 1]."""
        return _interpolate(self.sigmas.log(), timesteps.double()).exp()

    def timestep(self, sigma: Tensor) -> Tensor:
        """The (fraction of a) timestep with the noise level `sigma`, within the range."""
        logarithms = self.sigmas.log()
        wanted = sigma.double().log().clamp(logarithms[0], logarithms[-1])
        above = torch.searchsorted(logarithms, wanted).clamp(1, len(logarithms) - 1)
        low, high = logarithms[above - 1], logarithms[above]
        return above - 1 + (wanted - low) / (high - low)


class ScheduleFunction(Protocol):
    """The shape of a schedule."""

    def __call__(self, levels: NoiseLevels, steps: int, /) -> Tensor:
        """Falling noise levels, shape (steps + 1,), float64, the last one 0."""
        ...


def down_to_zero(sigmas: Tensor) -> Tensor:
    """Append the level of a finished picture."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def _interpolate(values: Tensor, positions: Tensor) -> Tensor:
    below = positions.floor().clamp(0, len(values) - 2).long()
    fraction = positions - below
    return values[below] * (1 - fraction) + values[below + 1] * fraction
