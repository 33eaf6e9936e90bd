"""DPM++ 2M: an exponential integrator that extrapolates from the step before."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, log_width, step_pairs


@sampler(
    "dpmpp_2m",
    label="DPM++ 2M",
    aliases=("k_dpmpp_2m", "DPMSolverMultistepScheduler"),
    order=2,
)
def dpmpp_2m(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from; it says how much of the picture is left at each level.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Lu et al. 2022 (arXiv:2211.01095), algorithm 2, with lambda = log(signal / sigma).
    """
    clean_before: Tensor | None = None
    width_before = sigmas.new_zeros(())
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        width = log_width(sigma, sigma_next, noise)
        target = clean
        if clean_before is not None and sigma_next > 0:
            reach = width / width_before / 2
            target = clean + (clean - clean_before) * reach
        x = x * (sigma_next / sigma) - target * (noise.signal(sigma_next) * (-width).expm1())
        clean_before, width_before = clean, width
        yield Step(x, clean, number)
