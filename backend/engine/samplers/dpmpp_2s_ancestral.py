"""DPM++ 2S ancestral: a two-stage exponential step down, then fresh noise up."""

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

ALIASES = ("k_dpmpp_2s_a", "dpmpp_2s_ancestral", "k_dpmpp_2s_ancestral")


@sampler("dpmpp_2s_a", label="DPM++ 2S a", aliases=ALIASES, stochastic=True, calls_per_step=2)
def dpmpp_2s_ancestral(
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

    Source: Lu et al. 2022 (arXiv:2211.01095), algorithm 1; the ancestral split from Song et al.
    2021 (arXiv:2010.02502).
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        step = renewal(sigma, sigma_next, noise, eta)
        sigma_down = step.down
        if sigma_down > 0:
            sigma_middle = middle_level(sigma, sigma_down, noise)
            middle = renewal(sigma, sigma_middle, noise, 0.0).move(x, clean)
            yield Step(middle, clean, number - 1)
            clean = denoise(middle, sigma_middle)
        x = step.move(x, clean)
        if step.fresh > 0:
            x = x + noise() * step.fresh
        yield Step(x, clean, number)
