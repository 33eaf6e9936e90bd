"""Euler sampling: straight along the slope at each noise level."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, step_pairs


@sampler("euler", label="Euler", aliases=("k_euler", "EulerDiscreteScheduler"))
def euler(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Karras et al. 2022 (arXiv:2206.00364), algorithm 1 without its second-order correction.
    """
    del noise
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        x = x + (x - clean) / sigma * (sigma_next - sigma)
        yield Step(x, clean, number)
