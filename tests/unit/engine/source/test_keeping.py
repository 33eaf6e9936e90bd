"""What the mask leaves is kept at every step."""

import torch

from backend.engine.registry import find_sampler
from backend.engine.samplers.noise import PictureNoise
from backend.engine.source.keeping import KeepingDenoiser

SHAPE = (4, 6, 8)
SIGMAS = torch.tensor([10.0, 6.0, 3.0, 1.0, 0.0], dtype=torch.float64)


def kept_by(sampler, mask):
    """The latents after the last step, and those that were kept."""
    noise = PictureNoise([3], SHAPE, highest=10.0)
    start_noise = noise.start()
    kept = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
    denoise = KeepingDenoiser(
        lambda x, sigma: torch.full_like(x, 7.0), kept, start_noise, mask, SIGMAS, noise.signal
    )
    steps = find_sampler(sampler)(denoise, kept + start_noise * SIGMAS[0], SIGMAS, noise)
    return list(steps)[-1].latents, kept


def test_what_is_black_stays_and_what_is_white_is_drawn():
    mask = torch.zeros(1, 1, *SHAPE[1:])
    mask[..., 4:] = 1

    for sampler in ("euler", "dpmpp_2m", "euler_a", "heun", "ddim"):
        latents, kept = kept_by(sampler, mask)
        assert torch.allclose(latents[..., :4], kept[..., :4], atol=1e-4), sampler
        assert torch.allclose(latents[..., 4:], torch.full_like(kept[..., 4:], 7.0), atol=1e-4)


def test_the_darker_the_mask_the_later_it_changes():
    begun = []
    shades = torch.tensor([1.0, 0.7, 0.4, 0.2, 0.0])
    mask = shades.view(1, 1, 1, 5).expand(1, 1, 2, 5)
    kept = torch.zeros(1, 1, 2, 5)

    def seen(x, sigma):
        begun.append((x[0, 0, 0] == 5.0).tolist())
        return x

    denoise = KeepingDenoiser(seen, kept, kept, mask, SIGMAS, torch.ones_like)
    for sigma in SIGMAS[:-1]:
        denoise(torch.full((1, 1, 2, 5), 5.0), sigma)

    assert [sum(step) for step in begun] == [1, 2, 3, 4]
    assert begun[-1] == [True, True, True, True, False]
