"""What is asked of a network that adds noise to pictures, and how much each error counts."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.engine.families.unet_model import Predicts
from backend.engine.schedules.base import NoiseLevels
from backend.schema.training_learning import LossSettings


@dataclass(frozen=True)
class Noised:
    """Pictures with noise, as a network learns from them."""

    seen: Tensor
    """At unit variance, shape (batch, channels, height, width)."""
    timesteps: Tensor
    """As its schedule counts them, shape (batch,): whole ones, or in flow from 0 to 1."""
    target: Tensor
    """What it should say, in the shape of `seen`."""
    ratio: Tensor
    """Signal to noise, in power, shape (batch,)."""

    def part(self, rows: slice) -> "Noised":
        """Some of the pictures."""
        return Noised(self.seen[rows], self.timesteps[rows], self.target[rows], self.ratio[rows])


def noised(
    clean: Tensor, noise: Tensor, timesteps: Tensor, levels: NoiseLevels, predicts: Predicts
) -> Noised:
    """Pictures with the noise of some timesteps.

    Args:
        clean: Latents, shape (batch, channels, height, width).
        noise: In the same shape.
        timesteps: Shape (batch,).
        levels: The noise levels of all timesteps.
        predicts: What the network says: the noise, or the velocity.

    Source: Ho et al. 2020 (arXiv:2006.11239), equation 4; Salimans and Ho 2022 (arXiv:2202.00512),
    appendix D, for the velocity.
    """
    sigma = levels.sigmas[timesteps].to(clean)
    column = sigma.view(-1, 1, 1, 1)
    signal = (1 + column**2).rsqrt()
    target = noise if predicts == "epsilon" else signal * noise - column * signal * clean
    return Noised(signal * (clean + column * noise), timesteps, target, sigma**-2)


def flowing(clean: Tensor, noise: Tensor, levels: Tensor) -> Noised:
    """Pictures on a straight line to noise, whose direction is what a network says.

    Args:
        clean: Latents, shape (batch, channels, height, width).
        noise: In the same shape.
        levels: How much of each is noise, shape (batch,), from 0 to 1.

    Source: Liu et al. 2022 (arXiv:2209.03003); Esser et al. 2024 (arXiv:2403.03206), section 2.
    """
    levels = levels.to(clean)
    column = levels.view(-1, 1, 1, 1)
    seen = (1 - column) * clean + column * noise
    return Noised(seen, levels, noise - clean, ((1 - levels) / levels) ** 2)


def weights(ratio: Tensor, asked: LossSettings, predicts: Predicts) -> Tensor:
    """How much the errors of pictures count, shape (batch,).

    Args:
        ratio: Signal to noise, in power.
        asked: What a person chose.
        predicts: What the error is of.

    Source: Hang et al. 2023 (arXiv:2303.09556), section 3.4, for min-SNR; Yu et al. 2023
    (arXiv:2310.08442), equation 11, for the debiased weight.
    """
    of_velocity = ratio + 1 if predicts == "v_prediction" else ratio
    if asked.weighting == "min_snr":
        return ratio.clamp(max=asked.gamma) / of_velocity
    if asked.weighting == "debiased":
        return of_velocity.clamp(max=1000.0).rsqrt()
    return torch.ones_like(ratio)


def loss_of(said: Tensor, wanted: Noised, counted: Tensor) -> Tensor:
    """The mean squared error of each picture, times what it counts, shape (batch,)."""
    return (said.float() - wanted.target.float()).square().mean((1, 2, 3)) * counted
