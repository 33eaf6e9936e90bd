"""Euler ancestral sampling: one Euler step down, then fresh noise up to the next level."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import (
    Denoiser,
    NoiseSource,
    Step,
    renewal,
    step_pairs,
)

ALIASES = ("euler_ancestral", "k_euler_a", "k_euler_ancestral", "EulerAncestralDiscreteScheduler")


@sampler("euler_a", label="Euler a", aliases=ALIASES, stochastic=True)
def euler_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, *, eta: float = 1.0
) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws standard normal noise in the shape of `x`, reproducible for each picture.
        eta: Share of the noise that is renewed: 0 is plain Euler, 1 is fully ancestral.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Karras et al. 2022 (arXiv:2206.00364), algorithm 1; the ancestral split from Song et al.
    2021 (arXiv:2010.02502).
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        step = renewal(sigma, sigma_next, noise, eta)
        x = step.move(x, clean)
        if step.fresh > 0:
            x = x + noise() * step.fresh
        yield Step(x, clean, number)
