"""A picture's noise is its own, and the same however the steps are cut."""

import pytest
import torch

from backend.engine.samplers.noise import BrownianPath, Numbers, PictureNoise, turned
from backend.engine.samplers.philox import CardDraws
from backend.schema.resolved import ResolvedVariation

SHAPE = (4, 8, 8)


def noise(*seeds: int) -> PictureNoise:
    return PictureNoise(seeds, SHAPE, highest=14.6)


def levels(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(value, dtype=torch.float64) for value in values]


def test_a_picture_draws_the_same_noise_alone_and_in_a_batch():
    alone, batch = noise(8), noise(7, 8, 9)
    start, end = levels(14.6, 3.0)

    for _ in range(3):
        assert torch.equal(alone()[0], batch()[1])
    assert torch.equal(alone.between(start, end)[0], batch.between(start, end)[1])


def test_the_first_noise_is_what_other_programs_draw_from_the_seed():
    expected = torch.randn(SHAPE, generator=torch.Generator().manual_seed(42))

    assert torch.equal(noise(42)()[0], expected)


def test_noise_can_be_that_of_a_card():
    source = PictureNoise([3, 42], SHAPE, highest=14.6, numbers=Numbers("gpu"))
    expected = CardDraws(42)

    assert torch.equal(source.start()[1], expected.draw(SHAPE))
    assert torch.equal(source()[1], expected.draw(SHAPE))


def varied(seed: int, strength: float) -> PictureNoise:
    variation = ResolvedVariation(seed=seed, strength=strength)
    return PictureNoise([1], SHAPE, highest=14.6, numbers=Numbers(variations=[variation]))


def test_a_variation_lies_between_its_seeds_and_only_at_the_start():
    own, other = noise(1)(), noise(2)()
    half = varied(2, 0.5)

    start = half.start()

    assert torch.allclose(varied(2, 1.0).start(), other, atol=1e-6)
    assert torch.allclose(varied(2, 1e-4).start(), own, atol=1e-3)
    assert (start - own).norm() == pytest.approx((start - other).norm().item(), rel=0.1)
    follower = noise(1)
    follower()
    assert torch.equal(half(), follower())


def test_varied_noise_is_as_strong_as_noise():
    shape = (4, 64, 64)
    one, two = (torch.randn(shape, generator=torch.Generator().manual_seed(n)) for n in (1, 2))

    for share in (0.1, 0.5, 0.8):
        assert turned(one, two, share).std().item() == pytest.approx(1, abs=0.02)


def test_noise_that_is_turned_towards_itself_stays():
    one = noise(1)()[0]

    assert torch.allclose(turned(one, one.clone(), 0.3), one, atol=1e-6)


def test_noise_does_not_touch_the_global_generator():
    before = torch.get_rng_state()
    source = noise(1)
    source()
    source.between(*levels(5.0, 2.0))

    assert torch.equal(torch.get_rng_state(), before)


def test_the_noise_of_an_interval_is_the_sum_of_its_parts():
    whole = noise(3).between(*levels(9.0, 1.0)) * 8**0.5
    source = noise(3)
    parts = source.between(*levels(9.0, 4.0)) * 5**0.5 + source.between(*levels(4.0, 1.0)) * 3**0.5

    assert torch.allclose(whole, parts, atol=1e-5)


def test_the_order_of_looking_does_not_matter():
    one, other = BrownianPath(5, SHAPE, 10.0), BrownianPath(5, SHAPE, 10.0)
    times = [9.0, 0.3, 5.0, 5.1, 0.02]
    forwards = {time: one.at(time) for time in times}

    for time in reversed(times):
        assert torch.equal(other.at(time), forwards[time])


@pytest.mark.parametrize(("start", "end"), [(14.6, 9.0), (1.0, 0.7), (0.04, 0.0292)])
def test_interval_noise_is_standard_normal(start, end):
    source = PictureNoise([1, 2], (64, 64, 4), highest=14.6)

    drawn = source.between(*levels(start, end))

    assert drawn.mean().abs() < 0.03
    assert drawn.std().item() == pytest.approx(1, abs=0.03)


def test_neighbouring_intervals_are_independent():
    source = PictureNoise([1], (64, 64, 4), highest=14.6)

    first = source.between(*levels(3.0, 2.0)).flatten()
    second = source.between(*levels(2.0, 1.5)).flatten()

    assert (first * second).mean().abs() < 0.03
