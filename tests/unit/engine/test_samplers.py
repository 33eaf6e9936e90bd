"""Every sampler keeps to the form that the engine relies on: calls, steps, dtypes."""

import pytest
import torch
from torch import Tensor

from backend.engine.registry import samplers
from backend.engine.samplers.ddim import ddim
from backend.engine.samplers.euler import euler
from backend.engine.schedules.base import down_to_zero

DATA_STD = 0.5
LOWEST, HIGHEST = 0.002, 10.0


class Independent:
    """Noise without memory, for many values at once."""

    def __init__(self, shape: torch.Size, dtype: torch.dtype) -> None:
        self._shape, self._dtype = shape, dtype
        self._generator = torch.Generator().manual_seed(1)

    def __call__(self) -> Tensor:
        return torch.randn(self._shape, generator=self._generator, dtype=self._dtype)

    def signal(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)

    def between(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        assert sigma > sigma_next > 0
        return self()


def levels(steps: int) -> Tensor:
    ramp = torch.linspace(HIGHEST ** (1 / 7), LOWEST ** (1 / 7), steps, dtype=torch.float64)
    return down_to_zero(ramp**7)


def start(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, 1, 1, 1, generator=generator, dtype=torch.float64)
    return noise * (HIGHEST**2 + DATA_STD**2) ** 0.5


def denoise_gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    """The exact clean estimate when the data are N(0, DATA_STD²)."""
    return x * DATA_STD**2 / (DATA_STD**2 + sigma**2)


def run_to_end(sampler, denoise, x: Tensor, sigmas: Tensor) -> Tensor:
    noise = Independent(x.shape, x.dtype)
    return list(sampler(denoise, x, sigmas, noise))[-1].latents


def by_id(entry) -> str:
    return entry.info.id


@pytest.mark.parametrize("sampler", samplers(), ids=by_id)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_model_call_is_a_yield_and_whole_steps_are_counted(sampler, count):
    calls = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(sigma)
        return denoise_gaussian(x, sigma)

    x = start(4)
    walk = sampler(counted, x, levels(count), Independent(x.shape, x.dtype))
    done = []
    for number, step in enumerate(walk, start=1):
        assert len(calls) == number
        assert step.latents.shape == step.clean.shape == x.shape
        done.append(step.done)

    assert len(calls) == sampler.info.calls_per_step * (count - 1) + 1
    assert done == sorted(done)
    assert sorted(set(done) - {0}) == list(range(1, count + 1))


@pytest.mark.parametrize("sampler", samplers(), ids=by_id)
def test_latents_keep_their_dtype(sampler):
    x = start(4).float()

    end = run_to_end(sampler, denoise_gaussian, x, levels(3))

    assert end.dtype == torch.float32


def test_ddim_without_noise_is_euler():
    x = start(8)

    assert torch.allclose(
        run_to_end(ddim, denoise_gaussian, x, levels(12)),
        run_to_end(euler, denoise_gaussian, x, levels(12)),
        rtol=1e-12,
    )
