"""LCM: jump to the clean estimate, then noise it afresh to the next level."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, step_pairs


@sampler("lcm", label="LCM", aliases=("LCMScheduler",), stochastic=True)
def lcm(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Made for models distilled to consistency, in 4 to 8 steps at a CFG scale near 1; with other
    models it gives soft pictures.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws standard normal noise in the shape of `x`, reproducible for each picture.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Luo et al. 2023 (arXiv:2310.04378), algorithm 3. The skip weights of its consistency
    function are left out: with its timestep scaling of 10 they are below 1e-5 from timestep 16 on.
    """
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        x = clean * noise.signal(sigma_next)
        if sigma_next > 0:
            x = x + noise() * sigma_next
        yield Step(x, clean, number)
