"""Schedules, budgets and the order of samples."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recipes.starter import training
from recipes.starter.captions import ObjectCaption
from recipes.starter.examples import Examples, shuffled_indices
from recipes.starter.noise import add_noise, loss_weights, noise_levels, velocity
from recipes.starter.train_unet import BatchMaker
from recipes.starter.training import Average, Clock, Course, Plan, follow, rate, save_state


def test_every_example_is_seen_once_in_a_round():
    batches = shuffled_indices(12, 4, seed=5)
    seen = torch.cat([next(batches) for _ in range(3)]).tolist()
    assert sorted(seen) == list(range(12))


def test_the_order_hangs_on_the_seed_alone():
    first, again, other = (next(shuffled_indices(50, 50, seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_the_learning_rate_stays_between_nothing_and_full(share, step):
    assert 0 <= rate(share, step) <= 1


def test_the_learning_rate_warms_up_holds_and_ends_at_zero():
    assert rate(0, 0) < 0.05
    assert rate(0.2, 1000) == 1
    assert rate(0.5, 1000) > rate(0.9, 1000) > rate(1, 1000)
    assert rate(1, 1000) == pytest.approx(0)


def test_noise_and_velocity_give_the_latents_back():
    latents, noise = torch.randn(5, 4, 2, 2), torch.randn(5, 4, 2, 2)
    level = noise_levels()[torch.tensor([0, 100, 500, 900, 999])]
    noisy, speed = add_noise(latents, noise, level), velocity(latents, noise, level)
    share = level.view(-1, 1, 1, 1)
    assert torch.allclose(share.sqrt() * noisy - (1 - share).sqrt() * speed, latents, atol=1e-5)


def test_high_noise_is_not_ignored_and_low_noise_does_not_rule():
    weights = loss_weights(noise_levels())
    assert weights[-1] == pytest.approx(1, abs=0.02)
    assert weights[0] < 0.05
    assert bool((weights.diff() >= -1e-4).all())


def test_the_average_swaps_in_and_out_exactly():
    layer = torch.nn.Linear(3, 3)
    before = layer.weight.detach().clone()
    average = Average(layer)
    with torch.no_grad():
        layer.weight.add_(1)
    changed = layer.weight.detach().clone()
    average.swap()
    assert torch.equal(layer.weight, before)
    average.swap()
    assert torch.equal(layer.weight, changed)


def test_a_finished_plan_does_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PAUSE", tmp_path / "pause")
    assert not Clock(Plan(name="x", minutes=1), seconds=60).running()
    assert Clock(Plan(name="x", minutes=1), seconds=10).running()


def test_a_checkpoint_replaces_the_old_one_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "WORK", tmp_path)
    plan = Plan(name="stage", minutes=1)
    save_state(plan, {"steps": 1})
    save_state(plan, {"steps": 2})
    assert torch.load(plan.state_file, weights_only=True) == {"steps": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["stage.state.pt"]


def test_times_are_drawn_as_often_as_they_matter():
    caption = ObjectCaption(words=("apple",), colour=None, background="white")
    examples = Examples(latents=torch.zeros(64, 4, 2, 2), captions=(caption,) * 64)
    shares = torch.zeros(1000)
    shares[100:200], shares[900:] = 1, 3
    times = BatchMaker(examples, 64, seed=0, shares=shares).draw().seen.times
    late = times >= 900
    assert int(late.sum()) == 48
    assert bool(((times[~late] >= 100) & (times[~late] < 200)).all())


class Counted(Clock):
    """A clock by which each step takes a minute, and every third one is worth saving."""

    def running(self) -> bool:
        self.seconds += 60
        return self.seconds < 600

    def due(self) -> bool:
        return self.seconds % 180 == 0


def test_a_training_saves_when_it_is_due_and_at_its_end_and_tells_how_good_it_is(monkeypatch):
    told: list[dict[str, float]] = []
    monkeypatch.setattr(training, "log", lambda plan, figures: told.append(figures))
    saved: list[float] = []
    steps: list[int] = []

    def step(clock: Clock, number: int) -> float:
        steps.append(number)
        return float(number)

    course = Course(
        step=step,
        counted=lambda: {"steps": len(steps)},
        judged=lambda: {"psnr": 30.0},
        save=saved.append,
        log_every=2,
    )
    plan = Plan(name="x", minutes=10)
    follow(plan, Counted(plan), course)

    assert steps == list(range(9))
    assert saved == [180, 360, 540, 600]
    assert [line["steps"] for line in told if "psnr" in line] == [3, 6, 9, 9]
    assert [line["error"] for line in told if "error" in line] == [0.5, 1.5, 2.5, 4.5, 6.5, 7.5]
