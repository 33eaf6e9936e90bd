"""Schedules, against diffusers where it has them and against their definition."""

from typing import cast

import pytest
import torch
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.registry import find_schedule, schedules

# diffusers hands torch's tensors to numpy in a way that numpy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LEVELS = SchedulerConfig().noise_levels()
OPTIONS: dict[str, dict[str, object]] = {
    "normal": {"timestep_spacing": "linspace"},
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "simple": {"timestep_spacing": "trailing"},
}
BETA: dict[str, object] = {"use_beta_sigmas": True}
SD15 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def diffusers_schedule(schedule: str, steps: int) -> EulerDiscreteScheduler:
    config = {**SD15, **OPTIONS.get(schedule, BETA)}
    oracle = cast("EulerDiscreteScheduler", EulerDiscreteScheduler.from_config(config))
    oracle.set_timesteps(steps)
    return oracle


def test_zero_terminal_snr_equals_that_of_diffusers():
    config = {**SD15, "rescale_betas_zero_snr": True}
    oracle = cast("EulerDiscreteScheduler", EulerDiscreteScheduler.from_config(config))
    expected = ((1 - oracle.alphas_cumprod) / oracle.alphas_cumprod).sqrt().double()

    ours = SchedulerConfig().noise_levels("zero")

    assert torch.allclose(ours.sigmas, expected, rtol=1e-4)  # both round to single precision
    assert ours.maximum > 4000  # of the picture, next to nothing is left
    asked = SchedulerConfig(rescale_betas_zero_snr=True)
    assert torch.equal(asked.noise_levels().sigmas, ours.sigmas)
    assert torch.equal(asked.noise_levels("trained").sigmas, LEVELS.sigmas)


@pytest.mark.parametrize("schedule", schedules(), ids=lambda entry: entry.info.id)
@pytest.mark.parametrize("steps", [1, 2, 20, 150])
def test_levels_fall_from_the_highest_to_zero(schedule, steps):
    sigmas = schedule(LEVELS, steps)

    assert sigmas.shape == (steps + 1,)
    assert sigmas.dtype == torch.float64
    assert sigmas[0].item() == pytest.approx(LEVELS.maximum.item(), rel=1e-6)
    assert sigmas[-1] == 0
    assert (sigmas[:-1] > sigmas[1:]).all()


@pytest.mark.parametrize("schedule", OPTIONS)
@pytest.mark.parametrize("steps", [4, 10, 20, 50])
def test_levels_and_timesteps_equal_those_of_diffusers(schedule, steps):
    oracle = diffusers_schedule(schedule, steps)

    sigmas = find_schedule(schedule)(LEVELS, steps)
    timesteps = torch.stack([LEVELS.timestep(sigma) for sigma in sigmas[:-1]])

    assert torch.allclose(sigmas.float(), oracle.sigmas, rtol=1e-4)
    assert torch.allclose(timesteps.float(), oracle.timesteps, atol=1e-3)


@pytest.mark.parametrize("schedule", ["karras", "exponential", "simple"])
def test_levels_that_need_no_interpolation_equal_those_of_diffusers(schedule):
    oracle = diffusers_schedule(schedule, 20)

    sigmas = find_schedule(schedule)(LEVELS, 20)

    assert torch.allclose(sigmas.float(), oracle.sigmas, rtol=1e-6)


def test_sgm_uniform_leaves_out_the_end_of_equal_distances():
    sigmas = find_schedule("sgm_uniform")(LEVELS, 9)

    assert torch.allclose(sigmas[:-1], LEVELS.sigmas[torch.arange(999, 0, -111)], rtol=1e-12)


@pytest.mark.parametrize("steps", [4, 20])
def test_beta_places_timesteps_at_the_quantiles_that_diffusers_takes(steps):
    """diffusers spreads the noise levels themselves by them, instead of the timesteps."""
    oracle = diffusers_schedule("beta", steps)
    spread = oracle.sigmas[:-1].double()
    quantiles = (spread - spread[-1]) / (spread[0] - spread[-1])

    sigmas = find_schedule("beta")(LEVELS, steps)

    assert torch.allclose(sigmas[:-1], LEVELS.at(quantiles * 999), rtol=1e-4)


def test_a_training_timestep_is_found_again_from_its_noise_level():
    timesteps = torch.tensor([0.0, 1.0, 20.3878, 500.0, 998.0, 999.0], dtype=torch.float64)

    found = torch.stack([LEVELS.timestep(sigma) for sigma in LEVELS.at(timesteps)])

    assert torch.allclose(found, timesteps, atol=1e-9)


def test_levels_outside_the_training_get_its_nearest_end():
    assert LEVELS.timestep(torch.tensor(1e-4)) == 0
    assert LEVELS.timestep(torch.tensor(500.0)) == 999
