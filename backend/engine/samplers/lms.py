"""LMS: a linear multistep method, which carries the slopes of four steps on."""

from collections.abc import Iterator

import torch
from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import (
    Denoiser,
    NoiseSource,
    Step,
    interpolation_weights,
    step_pairs,
)

SLOPES = 4


@sampler("lms", label="LMS", aliases=("k_lms", "LMSDiscreteScheduler"), order=2)
def lms(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from.

    Yields:
        The latents and the clean estimate after each model call.

    Source: the Adams-Bashforth method for steps of unequal width (Hairer, Nørsett, Wanner, Solving
    Ordinary Differential Equations I, section III.5) on the equation of Karras et al. 2022
    (arXiv:2206.00364). Its first step is Euler's, which holds the whole at second order.
    """
    del noise
    slopes: list[Tensor] = []
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        slopes = [(x - clean) / sigma, *slopes[: SLOPES - 1]]
        width = sigma_next - sigma
        places = (sigmas[number - len(slopes) : number].flip(0) - sigma) / width
        weights = interpolation_weights(places, 1 / torch.arange(1, len(slopes) + 1).to(places))
        for weight, slope in zip(weights * width, slopes, strict=True):
            x = x + slope * weight
        yield Step(x, clean, number)
