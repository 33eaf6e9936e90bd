"""Heun sampling: an Euler step as a trial, then the mean of the slopes at both ends."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, step_pairs


@sampler(
    "heun", label="Heun", aliases=("k_heun", "HeunDiscreteScheduler"), order=2, calls_per_step=2
)
def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, two model calls a step, one in the last.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from.

    Yields:
        The latents and the clean estimate after each model call; after the first call of a step
        these are the trial's.

    Source: Karras et al. 2022 (arXiv:2206.00364), algorithm 1.
    """
    del noise
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        slope = (x - clean) / sigma
        trial = x + slope * (sigma_next - sigma)
        if sigma_next > 0:
            yield Step(trial, clean, number - 1)
            clean = denoise(trial, sigma_next)
            slope_next = (trial - clean) / sigma_next
            trial = x + (slope + slope_next) / 2 * (sigma_next - sigma)
        x = trial
        yield Step(x, clean, number)
