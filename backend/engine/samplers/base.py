"""What every sampler is made of: a denoiser, noise, and the steps it tells about.

A sampler is a generator function of (denoise, x, sigmas, noise) in k-diffusion's terms: `x` is the
clean picture plus noise of standard deviation sigma, and the model is seen only as an estimate of
the clean picture. For models that learned by flow matching `x` is a blend of (1 - sigma) of the
clean picture and sigma of noise; `NoiseSource.signal` tells what is left of the picture, 1 or
1 - sigma. Noise levels are float64 scalars on the CPU, so that arithmetic with them is exact, costs
no transfer, and leaves the dtype of the latents alone.

Source: Karras et al. 2022 (arXiv:2206.00364), section 2.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

LEAST_SIGNAL = 1e-4
"""Taken to be left of the picture in noise alone, where it may not be infinitely far away."""


class Denoiser(Protocol):
    """Maps noisy latents and their noise level to the estimate of the clean latents."""

    def __call__(self, x: Tensor, sigma: Tensor, /) -> Tensor:
        """Estimate the clean latents, in the shape of `x`; `sigma` is a scalar."""
        ...


class NoiseSource(Protocol):
    """Standard normal noise in the shape of the latents, reproducible for each picture."""

    def __call__(self) -> Tensor:
        """Draw noise that is independent of all noise before."""
        ...

    def signal(self, sigma: Tensor, /) -> Tensor:
        """How much of the clean picture is left at a noise level, from 0 to 1."""
        ...

    def between(self, sigma: Tensor, sigma_next: Tensor, /) -> Tensor:
        """Draw the noise of an interval: the same interval gives the same noise."""
        ...


@dataclass(frozen=True)
class Step:
    """Where a sampler is after a model call."""

    latents: Tensor
    """The latents now, shape (batch, channels, height, width)."""
    clean: Tensor
    """The last estimate of the clean latents, in the same shape."""
    done: int
    """How many whole steps are behind; a call in the middle of a step does not count."""


class SamplerFunction(Protocol):
    """The shape of a sampler; options beyond these four have defaults."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, /
    ) -> Iterator[Step]:
        """Walk `x` from `sigmas[0]` to `sigmas[-1]`, yielding after each model call."""
        ...


def step_pairs(sigmas: Tensor) -> Generator[tuple[int, Tensor, Tensor]]:
    """Each step as (number from 1, noise level before, noise level after)."""
    for number in range(1, len(sigmas)):
        yield number, sigmas[number - 1], sigmas[number]


@dataclass(frozen=True)
class Renewal:
    """One step that goes down deterministically, and then takes fresh noise."""

    kept: Tensor
    """Share of the latents that stays."""
    drawn: Tensor
    """Share of the clean estimate that is added."""
    fresh: Tensor
    """How much noise is added after that; 0 for none."""

    down: Tensor
    """The noise level before the fresh noise."""

    def move(self, x: Tensor, clean: Tensor) -> Tensor:
        """Take the step; `fresh` times standard noise is still to be added."""
        return x * self.kept + clean * self.drawn


def renewal(sigma: Tensor, sigma_next: Tensor, noise: NoiseSource, eta: float) -> Renewal:
    """Split a step to `sigma_next` into a deterministic part and renewed noise.

    Counted in noise for each part of the picture (sigma / signal), in which both kinds of models
    are alike; no term becomes infinite where nothing of the picture is left.

    Args:
        sigma: The noise level before the step.
        sigma_next: The noise level after it, smaller.
        noise: Says how much of the picture is left at each.
        eta: Share of the noise that is renewed, from 0 (none) to 1.

    Source: Song et al. 2021 (arXiv:2010.02502), equation 16, with sigma as the variable.
    """
    signal, signal_next = noise.signal(sigma), noise.signal(sigma_next)
    level_next = sigma_next / signal_next
    fall = level_next * signal / sigma
    up = (eta * level_next * (1 - fall**2).sqrt()).minimum(level_next)
    down = (level_next**2 - up**2).sqrt()
    return Renewal(
        kept=signal_next * down / sigma,
        drawn=signal_next * (1 - down * signal / sigma),
        fresh=signal_next * up,
        down=level_of_ratio(down, noise),
    )


def log_width(sigma: Tensor, sigma_next: Tensor, noise: NoiseSource) -> Tensor:
    """How far a step goes in lambda = log(signal / sigma).

    Infinite down to the clean picture, and from noise alone.
    """
    signal, signal_next = noise.signal(sigma), noise.signal(sigma_next)
    return (sigma * signal_next / (sigma_next * signal)).log()


def finite_lambda(sigma: Tensor, noise: NoiseSource) -> Tensor:
    """log(signal / sigma) of noise levels above 0, in which even noise alone has a place."""
    return (noise.signal(sigma).clamp(min=LEAST_SIGNAL) / sigma).log()


def middle_level(sigma: Tensor, sigma_next: Tensor, noise: NoiseSource) -> Tensor:
    """The noise level half-way in lambda = log(signal / sigma), both ends above 0."""
    middle = (finite_lambda(sigma, noise) + finite_lambda(sigma_next, noise)) / 2
    return level_of_ratio((-middle).exp(), noise)


def level_of_ratio(ratio: Tensor, noise: NoiseSource) -> Tensor:
    """The noise level that has this ratio to what is left of the picture."""
    blended = noise.signal(torch.ones_like(ratio)) < 1
    return ratio / (1 + ratio) if blended else ratio


def interpolation_weights(nodes: Tensor, moments: Tensor) -> Tensor:
    """What values count for in an integral over the polynomial that goes through them.

    Args:
        nodes: Where the values are, shape (count,), each another.
        moments: The integrals of 1, u, u², … themselves, shape (count,).
    """
    return torch.linalg.solve(torch.vander(nodes, increasing=True).T, moments)
