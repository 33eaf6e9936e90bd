"""DPM2: the midpoint rule, with the middle of the step in log sigma."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, step_pairs


@sampler(
    "dpm_2",
    label="DPM2",
    aliases=("k_dpm_2", "dpm2", "KDPM2DiscreteScheduler"),
    order=2,
    calls_per_step=2,
)
def dpm2(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, two model calls a step, one in the last.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Not drawn from.

    Yields:
        The latents and the clean estimate after each model call; after the first call of a step
        these are those of its middle.

    Source: Lu et al. 2022 (arXiv:2206.00927), DPM-Solver-2, as k-diffusion has it: the midpoint
    rule with the middle at the geometric mean of the noise levels.
    """
    del noise
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        slope = (x - clean) / sigma
        if sigma_next > 0:
            sigma_middle = (sigma * sigma_next).sqrt()
            middle = x + slope * (sigma_middle - sigma)
            yield Step(middle, clean, number - 1)
            clean = denoise(middle, sigma_middle)
            slope = (middle - clean) / sigma_middle
        x = x + slope * (sigma_next - sigma)
        yield Step(x, clean, number)
