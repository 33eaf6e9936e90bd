"""What every sampler is made of: a denoiser, noise, and the steps it tells about.

A sampler is a generator function of (denoise, x, sigmas, noise) in k-diffusion's terms: `x` is the
clean picture plus noise of standard deviation sigma, and the model is seen only as an estimate of
the clean picture. Noise levels are float64 scalars on the CPU, so that arithmetic with them is
exact, costs no transfer, and leaves the dtype of the latents alone.

Source: Karras et al. 2022 (arXiv:2206.00364), section 2.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


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


def ancestral_levels(sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """Split a step to `sigma_next` into a deterministic part and renewed noise.

    Args:
        sigma: The noise level before the step.
        sigma_next: The noise level after it, smaller.
        eta: Share of the noise that is renewed, from 0 (none) to 1.

    Returns:
        `(sigma_down, sigma_up)` with sigma_down² + sigma_up² = sigma_next², so that the noise level
        after both is exactly `sigma_next`.

    Source: Song et al. 2021 (arXiv:2010.02502), equation 16, with sigma as the variable.
    """
    renewed = eta * (sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2).sqrt()
    sigma_up = renewed.minimum(sigma_next)
    return (sigma_next**2 - sigma_up**2).sqrt(), sigma_up
