"""DPM++ 2M SDE: DPM++ 2M that renews the noise of each step."""

from collections.abc import Iterator

from torch import Tensor

from backend.engine.registry import sampler
from backend.engine.samplers.base import Denoiser, NoiseSource, Step, log_width, renewal, step_pairs


@sampler(
    "dpmpp_2m_sde",
    label="DPM++ 2M SDE",
    aliases=("k_dpmpp_2m_sde", "dpmpp_2m_sde_gpu"),
    stochastic=True,
)
def dpmpp_2m_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: NoiseSource, *, eta: float = 1.0
) -> Iterator[Step]:
    """Walk the latents from `sigmas[0]` to `sigmas[-1]`, one model call a step.

    Args:
        denoise: Maps noisy latents and their noise level to the estimate of the clean latents.
        x: Noisy latents, shape (batch, channels, height, width), standard deviation `sigmas[0]`.
        sigmas: Falling noise levels, shape (steps + 1,), the last one 0.
        noise: Draws the noise of each interval, reproducible for each picture.
        eta: Share of the noise that is renewed.

    Yields:
        The latents and the clean estimate after each model call.

    Source: Lu et al. 2022 (arXiv:2211.01095), SDE-DPM-Solver++(2M), in the midpoint form that
    k-diffusion, A1111 and ComfyUI draw with.
    """
    clean_before: Tensor | None = None
    width_before = sigmas.new_zeros(())
    for number, sigma, sigma_next in step_pairs(sigmas):
        clean = denoise(x, sigma)
        width = log_width(sigma, sigma_next, noise)
        target = clean
        if clean_before is not None and sigma_next > 0:
            target = clean + (clean - clean_before) * (width / width_before / 2)
        step = renewal(sigma, sigma_next, noise, eta)
        x = step.move(x, target)
        if step.fresh > 0:
            x = x + noise.between(sigma, sigma_next) * step.fresh
        clean_before, width_before = clean, width
        yield Step(x, clean, number)
