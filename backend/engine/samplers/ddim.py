"""DDIM: to the clean estimate and back up to the next level along the same noise."""

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


@sampler("ddim", label="DDIM", aliases=("DDIMScheduler",))
def ddim(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, *, eta: float = 0.0
) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    In these terms plain DDIM (eta 0) is Euler's method; it is offered because people look for it.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws standard normal noise in the shape of `x`; only with eta above 0.
        eta: Share of the noise that is renewed: 0 is deterministic, 1 is DDPM.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Song et al. 2021 (arXiv:2010.02502), equation 12.
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        step = renewal(sigma, sigma_next, noise, eta)
        x = step.move(x, clean)
        if step.fresh > 0:
            x = x + noise() * step.fresh
        yield Step(x, clean, number)
