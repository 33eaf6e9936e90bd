"""DEIS: an exponential integrator that carries the noise estimates of three steps on."""

from collections.abc import Iterator

import torch
from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import (
    Denoiser,
    NoiseSource,
    Step,
    finite_lambda,
    interpolation_weights,
    log_width,
    step_pairs,
)

ESTIMATES = 3


@sampler("deis", label="DEIS", aliases=("DEISMultistepScheduler",), order=2)
def deis(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from; it says how much of the picture is left at each level.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Zhang and Chen 2022 (arXiv:2204.13902), equation 15, with polynomials in
    log(sigma / signal), as diffusers has them. Its first step is Euler's, which holds the whole at
    second order.
    """
    noises: list[Tensor] = []
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        signal_next, width = noise.signal(sigma_next), log_width(sigma, sigma_next, noise)
        noises = [(x - clean * noise.signal(sigma)) / sigma, *noises[: ESTIMATES - 1]]
        x = x * (sigma_next / sigma) - clean * (signal_next * (-width).expm1())
        if len(noises) > 1 and sigma_next > 0:
            levels = sigmas[number - len(noises) : number].flip(0)
            weights = _weights(-finite_lambda(levels, noise), width) * signal_next
            for weight, before in zip(weights[1:], noises[1:], strict=True):
                x = x + (before - noises[0]) * weight
        yield Step(x, clean, number)


def _weights(places: Tensor, width: Tensor) -> Tensor:
    """What the noise estimates count for in a step of `width` down from `places[0]`.

    Integrates the polynomial through them in u = log(sigma / signal), where sigma / signal = exp u.
    """
    end = -width
    integrals = torch.stack(
        [end.expm1(), end.exp() * (end - 1) + 1, end.exp() * (end**2 - 2 * end + 2) - 2]
    )
    nodes = places - places[0]
    return interpolation_weights(nodes, places[0].exp() * integrals[: len(nodes)])
