"""DPM++ SDE: a two-stage exponential integrator that renews the noise in both stages."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import (
    Denoiser,
    NoiseSource,
    Step,
    middle_level,
    renewal,
    step_pairs,
)


@sampler(
    "dpmpp_sde",
    label="DPM++ SDE",
    aliases=("k_dpmpp_sde", "dpmpp_sde_gpu", "DPMSolverSDEScheduler"),
    stochastic=True,
    calls_per_step=2,
)
def dpmpp_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, *, eta: float = 1.0
) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, two model calls a step, one in the last.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws the noise of each interval, reproducible for each picture; the noise of a half
            step is part of the noise of the whole step.
        eta: Share of the noise that is renewed.

    Yields:
        The latents and the clean estimate after each model call; after the first call of a step
        these are those of its middle.

    Source: Lu et al. 2022 (arXiv:2211.01095), SDE-DPM-Solver++, in the singlestep form with the
    middle at half the step in log sigma.
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        if sigma_next > 0:
            sigma_middle = middle_level(sigma, sigma_next, noise)
            middle = _renewing_step(x, clean, (sigma, sigma_middle), noise, eta)
            yield Step(middle, clean, number - 1)
            clean = denoise(middle, sigma_middle)
            x = _renewing_step(x, clean, (sigma, sigma_next), noise, eta)
        else:
            x = clean
        yield Step(x, clean, number)


def _renewing_step(
    x: Tensor, clean: Tensor, levels: tuple[Tensor, Tensor], noise: NoiseSource, eta: float
) -> Tensor:
    """Go from the first to the second of `levels` towards `clean`, renewing noise on the way."""
    step = renewal(*levels, noise, eta)
    return step.move(x, clean) + noise.between(*levels) * step.fresh
