"""Every sampler against mathematics: for Gaussian data the exact solution is known.

Where the data are N(MEAN, SPREAD²), the exact clean estimate is linear in the latents, and the
noisy latents are Gaussian at every level. A sampler without fresh noise has to follow a curve that
keeps the latents' place in their distribution, at its stated order as steps grow. One with fresh
noise has to arrive at the right mean and variance; because everything is linear, these are computed
rather than estimated: the pictures of a batch are the basis of all that is random, so that the
variance is the sum of their squares.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from backend.engine.registry import Sampler, find_sampler, samplers
from backend.engine.samplers.dpm2 import dpm2
from backend.engine.samplers.dpm2_ancestral import dpm2_ancestral
from backend.engine.samplers.dpmpp_2m import dpmpp_2m
from backend.engine.samplers.dpmpp_2m_sde import dpmpp_2m_sde
from backend.engine.samplers.euler import euler
from backend.engine.samplers.euler_ancestral import euler_ancestral
from backend.engine.schedules.base import down_to_zero

MEAN, SPREAD = 0.3, 0.5
STEPS = (20, 40, 80)
WITHOUT_FRESH_NOISE = [each for each in samplers() if not each.info.stochastic]
WITH_FRESH_NOISE = [each for each in samplers() if each.info.stochastic]
KINDS = pytest.mark.parametrize("blended", [False, True], ids=["added", "blended"])
LATER_ORDER = {"lms": 3.5, "deis": 3}
"""Of multistep methods once they have started, which is seen where the first step costs little."""


def by_id(entry: Sampler) -> str:
    return entry.info.id


class Gaussian:
    """The data and their noise, added to them or blended with them."""

    def __init__(self, *, blended: bool) -> None:
        self.blended = blended

    def signal(self, sigma: Tensor) -> Tensor:
        return 1 - sigma if self.blended else torch.ones_like(sigma)

    def mean(self, sigma: Tensor) -> Tensor:
        return self.signal(sigma) * MEAN

    def variance(self, sigma: Tensor) -> Tensor:
        return (self.signal(sigma) * SPREAD) ** 2 + sigma**2

    def estimate(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The exact clean estimate."""
        share = self.signal(sigma) * SPREAD**2 / self.variance(sigma)
        return MEAN + (x - self.mean(sigma)) * share

    def follow(self, x: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Where the probability-flow ODE takes `x`: to the same place in the distribution."""
        place = (x - self.mean(sigma)) / self.variance(sigma).sqrt()
        return self.mean(sigma_next) + place * self.variance(sigma_next).sqrt()


class Basis(Gaussian):
    """Noise whose every independent part is 1 in a picture of its own."""

    def __init__(self, *, blended: bool, size: int, cuts: list[float] | None = None) -> None:
        super().__init__(blended=blended)
        self.asked: set[float] = set()
        self._size, self._drawn, self._cuts = size, 0, cuts or []

    def __call__(self) -> Tensor:
        self._drawn += 1
        return self._in_pictures({self._drawn: 1.0})

    def between(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        high, low = sigma.item(), sigma_next.item()
        self.asked |= {high, low}
        return self._in_pictures(
            {
                number: math.sqrt((above - below) / (high - low))
                for number, (below, above) in enumerate(pairwise(self._cuts), start=2)
                if low <= below < above <= high
            }
        )

    def _in_pictures(self, amounts: dict[int, float]) -> Tensor:
        """Picture 0 is without any noise: the mean."""
        noise = torch.zeros(self._size, dtype=torch.float64)
        for number, amount in amounts.items():
            noise[number] = amount
        return noise.reshape(-1, 1, 1, 1)


def arrival(sampler: Sampler, levels: Tensor, *, blended: bool) -> tuple[float, float]:
    """How far mean and variance are from the right ones, as shares of these."""
    data = Basis(blended=blended, size=2 * len(levels))
    end = last(sampler, levels, data)
    if data.asked:
        cuts = sorted(data.asked)
        end = last(sampler, levels, Basis(blended=blended, size=2 * len(levels), cuts=cuts))
    variance = ((end[1:] - end[0]) ** 2).sum()
    return (
        (end[0] / data.mean(levels[-1]) - 1).abs().item(),
        (variance / data.variance(levels[-1]) - 1).abs().item(),
    )


def last(sampler: Sampler, levels: Tensor, data: Basis) -> Tensor:
    """The pictures at the end of a walk that begins in noise alone, without the data's mean."""
    start = data() * data.variance(levels[0]).sqrt()

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        # LCM is defined for models that jump to the end of the curve rather than to the mean.
        jumps = sampler.info.id == "lcm"
        end = torch.zeros_like(sigma)
        return data.follow(x, sigma, end) if jumps else data.estimate(x, sigma)

    return list(sampler(denoise, start, levels, data))[-1].latents.flatten()


def error(sampler: Sampler, levels: Tensor, *, blended: bool) -> float:
    """How far latents of some places are from the curves that they are to follow."""
    data = Basis(blended=blended, size=3)
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64).reshape(3, 1, 1, 1) * levels[0]
    end = list(sampler(data.estimate, x, levels, data))[-1].latents
    return (end - data.follow(x, levels[0], levels[-1])).abs().max().item()


def slope(errors: Sequence[float]) -> float:
    """The order: how steeply the error falls with the steps, both in logarithms."""
    steps = torch.tensor(STEPS, dtype=torch.float64).log2()
    logarithms = torch.tensor(errors, dtype=torch.float64).log2()
    steps, logarithms = steps - steps.mean(), logarithms - logarithms.mean()
    return -(steps @ logarithms / (steps @ steps)).item()


def inner_levels(steps: int, *, blended: bool) -> Tensor:
    """Falling noise levels between which every step has the sampler's full order."""
    ramp = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    if blended:
        return 0.98 + ramp * (0.02 - 0.98)
    return (10 ** (1 / 3) + ramp * (0.05 ** (1 / 3) - 10 ** (1 / 3))) ** 3


def all_levels(steps: int, *, blended: bool) -> Tensor:
    """Falling noise levels from (next to) noise alone to the clean picture."""
    if blended:
        return torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    return down_to_zero(inner_levels(steps - 1, blended=False))


@KINDS
@pytest.mark.parametrize("sampler", WITHOUT_FRESH_NOISE, ids=by_id)
def test_the_error_falls_at_the_stated_order(sampler, blended):
    levels = [inner_levels(steps, blended=blended) for steps in STEPS]

    errors = [error(sampler, each, blended=blended) for each in levels]

    assert slope(errors) > sampler.info.order - 0.35
    assert errors[-1] < 0.03


@pytest.mark.parametrize("sampler", ["lms", "deis"])
def test_multistep_methods_gain_more_once_they_have_started(sampler):
    levels = [inner_levels(steps, blended=False) for steps in STEPS]

    errors = [error(find_sampler(sampler), each, blended=False) for each in levels]

    assert slope(errors) > LATER_ORDER[sampler]


@KINDS
@pytest.mark.parametrize("sampler", WITH_FRESH_NOISE, ids=by_id)
def test_fresh_noise_leads_to_the_right_mean_and_variance(sampler, blended):
    levels = [inner_levels(steps, blended=blended) for steps in STEPS]

    means, variances = zip(
        *(arrival(sampler, each, blended=blended) for each in levels), strict=True
    )

    assert max(means) < 0.01
    assert variances[-1] < 0.1
    if sampler.info.id == "lcm":
        assert max(variances) < 1e-12
    else:
        assert slope(variances) > (1 if sampler.info.id == "euler_a" else 2) - 0.35


@KINDS
@pytest.mark.parametrize("sampler", samplers(), ids=by_id)
def test_noise_alone_becomes_clean_pictures(sampler, blended):
    levels = all_levels(40, blended=blended)

    if sampler.info.stochastic:
        assert max(arrival(sampler, levels, blended=blended)) < 0.2
    else:
        assert error(sampler, levels, blended=blended) < 0.06


@pytest.mark.parametrize(
    ("renewing", "plain"),
    [(euler_ancestral, euler), (dpmpp_2m_sde, dpmpp_2m), (dpm2_ancestral, dpm2)],
)
@KINDS
def test_renewing_no_noise_leaves_the_plain_sampler(renewing, plain, blended):
    levels, data = inner_levels(8, blended=blended), Basis(blended=blended, size=3)

    start = data()
    walks = partial(renewing.function, eta=0.0), plain
    ours, others = [list(walk(data.estimate, start, levels, data)) for walk in walks]

    for our, other in zip(ours, others, strict=True):
        assert torch.allclose(our.latents, other.latents, rtol=1e-12)
