"""Each step of a sampler equals that of diffusers' scheduler, over the same noise levels.

The estimate of the clean picture is a formula with no straight line in it, so that a network, its
prompts and its rounding have no part in this; everything is computed in double precision.
"""

import importlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backend.engine.registry import find_sampler
from tests.fixtures.oracle import BETAS, Doubled

# diffusers hands torch's tensors to numpy in a way that numpy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

SHAPE = (2, 4, 3, 3)
TOLERANCE = 1e-9
SDE = {"algorithm_type": "sde-dpmsolver++"}
THIRD = {"solver_order": 3, "solver_type": "heun"}
CASES = {
    "dpmpp_2m_sde": ("dpmsolver_multistep.DPMSolverMultistepScheduler", SDE),
    # Without fresh noise: with it, diffusers has a sign the wrong way round (+ 0.5 would be right).
    "dpmpp_3m_sde": ("dpmsolver_multistep.DPMSolverMultistepScheduler", THIRD),
    "lms": ("lms_discrete.LMSDiscreteScheduler", {}),
    "dpm_2": ("k_dpm_2_discrete.KDPM2DiscreteScheduler", {}),
    "dpm_2_a": ("k_dpm_2_ancestral_discrete.KDPM2AncestralDiscreteScheduler", {}),
    "uni_pc": ("unipc_multistep.UniPCMultistepScheduler", {}),
    "deis": ("deis_multistep.DEISMultistepScheduler", {"solver_order": 3}),
}
QUIET: dict[str, Any] = {"eta": 0.0}
UNIT_VARIANCE = {"dpmpp_2m_sde", "dpmpp_3m_sde", "uni_pc", "deis"}
"""Samplers whose diffusers latents are ours divided by sqrt(1 + sigma²)."""


def estimate(x: Tensor, sigma: Tensor) -> Tensor:
    return (x / (0.5 + sigma)).sin() + x / (1 + sigma**2)


class Repeated:
    """The same noise for both, one draw after another."""

    def __init__(self) -> None:
        self._generator = torch.Generator().manual_seed(5)

    def __call__(self, *_: object, **__: object) -> Tensor:
        return torch.randn(SHAPE, generator=self._generator, dtype=torch.float64)

    def signal(self, sigma: Tensor) -> Tensor:
        return torch.ones_like(sigma)

    def between(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        assert sigma > sigma_next
        return self()


def theirs(scheduler, start: Tensor, calls: list[Tensor], *, unit: bool) -> Iterator[Tensor]:
    """diffusers' latents after each model call, in our terms."""
    levels = [*calls, scheduler.sigmas[-1]]
    scale = [(1 + sigma**2).sqrt() if unit else torch.ones_like(sigma) for sigma in levels]
    x = start / scale[0]
    for number, (timestep, sigma) in enumerate(zip(scheduler.timesteps, calls, strict=True)):
        scheduler.scale_model_input(x, timestep)  # only so that it does not warn
        known = x * scale[number]
        noise = (known - estimate(known, sigma)) / sigma
        x = scheduler.step(noise, timestep, x).prev_sample
        yield x * scale[number + 1]


@pytest.mark.parametrize("sampler", CASES)
@pytest.mark.parametrize("spread", ["linspace", "karras"])
def test_each_step_equals_that_of_diffusers(sampler, spread, monkeypatch):
    place, options = CASES[sampler]
    file, name = place.split(".")
    module = importlib.import_module(f"diffusers.schedulers.scheduling_{file}")
    monkeypatch.setattr(module, "torch", Doubled(torch))
    monkeypatch.setattr(module, "np", Doubled(np))
    monkeypatch.setattr(module, "randn_tensor", Repeated(), raising=False)
    scheduler = getattr(module, name)(**BETAS, **options, use_karras_sigmas=spread == "karras")
    scheduler.set_timesteps(16)
    entry = find_sampler(sampler)
    levels = scheduler.sigmas if entry.info.calls_per_step == 1 else scheduler.sigmas[::2]
    calls: list[Tensor] = []

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(sigma)
        return estimate(x, sigma)

    start = Repeated()() * levels[0]
    walk = partial(entry.function, **QUIET) if sampler == "dpmpp_3m_sde" else entry
    ours = [step.latents for step in walk(denoise, start, levels, Repeated())]
    others = list(theirs(scheduler, start, calls, unit=sampler in UNIT_VARIANCE))

    for number, (our, other) in enumerate(zip(ours, others, strict=True), start=1):
        difference = ((our - other).abs() / (1 + other.abs())).max().item()
        assert difference < TOLERANCE, f"call {number}: {difference:.1e}"
