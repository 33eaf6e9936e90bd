"""DPM2 ancestral: a step of DPM2 down, then fresh noise up to the next level."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, renewal, step_pairs

ALIASES = ("k_dpm_2_a", "dpm_2_ancestral", "k_dpm_2_ancestral", "KDPM2AncestralDiscreteScheduler")


@sampler("dpm_2_a", label="DPM2 a", aliases=ALIASES, stochastic=True, calls_per_step=2)
def dpm2_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, *, eta: float = 1.0
) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, two model calls a step, one in the last.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws standard normal noise in the shape of `x`, reproducible for each picture.
        eta: Share of the noise that is renewed.

    Yields:
        The latents and the clean estimate after each model call; after the first call of a step
        these are those of its middle.

    Source: Lu et al. 2022 (arXiv:2206.00927), DPM-Solver-2, as k-diffusion has it: the midpoint
    rule with the middle at the geometric mean of the noise levels; the ancestral
    split from Song et al. 2021 (arXiv:2010.02502).
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        slope = (x - clean) / sigma
        step = renewal(sigma, sigma_next, noise, eta)
        sigma_down = step.down
        if sigma_down > 0:
            sigma_middle = (sigma * sigma_down).sqrt()
            middle = x + slope * (sigma_middle - sigma)
            yield Step(middle, clean, number - 1)
            clean = denoise(middle, sigma_middle)
            slope = (middle - clean) / sigma_middle
        down = x + slope * (sigma_down - sigma)
        x = down * (noise.signal(sigma_next) / noise.signal(sigma_down))
        if step.fresh > 0:
            x = x + noise() * step.fresh
        yield Step(x, clean, number)
