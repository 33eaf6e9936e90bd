"""UniPC: predicts like DPM++ 2M, and corrects the step when its end has been looked at."""

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


@sampler(
    "uni_pc", label="UniPC", aliases=("unipc", "uni_pc_bh2", "UniPCMultistepScheduler"), order=3
)
def unipc(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from; it says how much of the picture is left at each level.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Zhao et al. 2023 (arXiv:2302.04867), algorithms 5 and 6: UniPC-2 with B2(h), as
    its authors recommend for guided sampling; the correction costs no model call.
    """
    past: list[tuple[Tensor, Tensor]] = []
    start = x
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        if past:
            x = _step(start, _corrected(clean, sigma, past, noise), (past[0][1], sigma), noise)
        start, target = x, clean
        if past and sigma_next > 0:
            before, sigma_before = past[0]
            width = log_width(sigma, sigma_next, noise)
            target = clean + (clean - before) * (width / log_width(sigma_before, sigma, noise) / 2)
        x = _step(x, target, (sigma, sigma_next), noise)
        past = [(clean, sigma), *past[:1]]
        yield Step(x, clean, number)


def _step(x: Tensor, target: Tensor, levels: tuple[Tensor, Tensor], noise: NoiseSource) -> Tensor:
    """Go from the first to the second of `levels` along the noise, with `target` as the picture."""
    sigma, sigma_next = levels
    drawn = noise.signal(sigma_next) * -(-log_width(sigma, sigma_next, noise)).expm1()
    return x * (sigma_next / sigma) + target * drawn


def _corrected(
    clean: Tensor, sigma: Tensor, past: list[tuple[Tensor, Tensor]], noise: NoiseSource
) -> Tensor:
    """The mean of the clean estimate over the step that has led to `sigma`.

    Args:
        clean: The estimate at its end.
        sigma: The noise level there.
        past: The estimate and level at its start, and perhaps those of the step before.
        noise: Says how much of the picture is left at each level.
    """
    if len(past) == 1:
        return (past[0][0] + clean) / 2
    estimates, levels = zip(*past, strict=True)
    start = finite_lambda(levels[0], noise)
    width = finite_lambda(sigma, noise) - start
    share = -(-width).expm1()
    first = 1 - share / width
    places = (finite_lambda(torch.stack([*levels, sigma]), noise) - start) / width
    moments = torch.stack([share, first, 1 - 2 * first / width]) / share
    weights = interpolation_weights(places, moments)
    return sum(
        (each * weight for each, weight in zip(estimates, weights[:-1], strict=True)),
        clean * weights[-1],
    )
