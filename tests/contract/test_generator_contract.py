"""Jobs advanced side by side, in any order and with any of them closed, do not notice each other.

A toy training and two generations are interleaved at random; losses and pictures equal those of
the same jobs alone, bit for bit.
"""

import hashlib
import random
from collections.abc import Callable, Generator
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.advance import advance, close
from backend.engine.run import generate
from backend.schema.events import Event, ImageReady, Metric, Stage
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedSampling
from tests.fixtures.starter import context_in, starter_request

TRAINING_STEPS = 12

Job = Generator[Event]


def train_a_toy() -> Job:
    """A training with all that is delicate: dropout, gradients over a yield, autocast."""
    torch.manual_seed(7)
    network = torch.nn.Sequential(
        torch.nn.Linear(16, 32), torch.nn.SiLU(), torch.nn.Dropout(0.5), torch.nn.Linear(32, 4)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2)
    random_state = torch.get_rng_state()
    for step in range(TRAINING_STEPS):
        torch.set_rng_state(random_state)
        inputs = torch.randn(8, 16)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = (network(inputs) - inputs[:, :4]).square().mean()
        random_state = torch.get_rng_state()
        yield Metric(name="loss", step=step, value=loss.item())
        loss.backward()  # the graph was held over the yield
        yield Stage(sentence="gradients are held")
        optimiser.step()
        optimiser.zero_grad()


def leak_everything() -> Job:
    """A job that breaks the contract wherever it can."""
    entered = [
        torch.no_grad(),
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.inference_mode(),
        torch.autocast("cpu", dtype=torch.float16, cache_enabled=False),
    ]
    for number in range(8):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002  the legacy state is the global one
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        entered[number % 4].__enter__()
        yield Stage(sentence="leaking")


def run_alone(job: Job) -> list[Event]:
    events: list[Event] = []
    while (event := advance(job)) is not None:
        events.append(event)
    return events


def losses(events: list[Event]) -> list[float]:
    return [event.value for event in events if isinstance(event, Metric) and event.name == "loss"]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """Makes jobs that share the loaded checkpoint, and tells what pictures they left."""
    return Jobs(tmp_path_factory.mktemp("jobs"))


class Jobs:
    def __init__(self, folder) -> None:
        self._folder = folder
        self._kept: dict[str, object] = {}
        self._count = 0

    def generation(self, sampler: str, seed: int) -> Job:
        self._count += 1
        context = context_in(self._folder, job=f"{self._count:012x}", kept=self._kept)
        request = starter_request(
            seed=seed,
            sampling=ResolvedSampling(sampler=sampler, schedule="karras", steps=3, cfg_scale=4.5),
            batch=BatchSettings(count=1, size=2),
        )
        return cast("Job", generate(request.model_dump(), context))

    def pictures(self, events: list[Event]) -> dict[int, str]:
        """The pixels of the pictures a job made, by index."""
        ready = [event for event in events if isinstance(event, ImageReady)]
        return {event.index: self._pixels(event.path) for event in ready}

    def _pixels(self, path: str) -> str:
        with Image.open(self._folder / "outputs" / path) as picture:
            return hashlib.sha256(picture.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def alone(studio) -> dict[str, list[Event]]:
    return {
        "training": run_alone(train_a_toy()),
        "first": run_alone(studio.generation("euler_a", 1)),
        "second": run_alone(studio.generation("dpmpp_sde", 5)),
    }


def interleave(
    jobs: dict[str, Callable[[], Job]], chance: random.Random, *, close_one: bool
) -> dict[str, list[Event]]:
    """Advance the jobs in random order; one of them may be closed somewhere and started anew."""
    running = {name: start() for name, start in jobs.items()}
    heard: dict[str, list[Event]] = {name: [] for name in jobs}
    victim = chance.choice(sorted(jobs)) if close_one else None
    closing_at = chance.randrange(1, 6)
    while running:
        name = chance.choice(sorted(running))
        if name == victim and len(heard[name]) == closing_at:
            close(running[name])
            running[name], heard[name], victim = jobs[name](), [], None
            continue
        event = advance(running[name])
        if event is None:
            del running[name]
        else:
            heard[name].append(event)
    return heard


@pytest.mark.engine
@pytest.mark.parametrize("close_one", [False, True], ids=["to the end", "one closed"])
@pytest.mark.parametrize("leak", [False, True], ids=["decent", "beside a leak"])
@pytest.mark.parametrize("seed", range(4))
def test_interleaved_jobs_equal_the_same_jobs_alone(studio, alone, seed, leak, close_one):
    jobs: dict[str, Callable[[], Job]] = {
        "training": train_a_toy,
        "first": lambda: studio.generation("euler_a", 1),
        "second": lambda: studio.generation("dpmpp_sde", 5),
    }
    if leak:
        jobs["leak"] = leak_everything

    heard = interleave(jobs, random.Random(seed), close_one=close_one)

    assert losses(heard["training"]) == losses(alone["training"])
    for name in ("first", "second"):
        assert studio.pictures(heard[name]) == studio.pictures(alone[name])
        assert len(studio.pictures(heard[name])) == 2


def global_state() -> dict[str, object]:
    return {
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "autocast dtype": torch.get_autocast_dtype("cpu"),
        "autocast cache": torch.is_autocast_cache_enabled(),
        "default dtype": torch.get_default_dtype(),
        "torch": torch.get_rng_state().tolist(),
        "random": random.getstate(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
    }


def test_a_leaking_job_changes_nothing_for_the_caller():
    before = global_state()
    leak = leak_everything()

    for _ in range(8):
        advance(leak)
        assert global_state() == before
    close(leak)

    assert global_state() == before


def test_a_job_that_raises_leaves_nothing_behind():
    def breaks() -> Job:
        torch.set_grad_enabled(False)
        torch.manual_seed(3)
        raise ValueError("broken")
        yield

    before = global_state()

    with pytest.raises(ValueError, match="broken"):
        advance(breaks())

    assert global_state() == before


def test_clean_up_code_of_a_closed_job_leaves_nothing_behind():
    def cleans_up() -> Job:
        with torch.no_grad():
            yield Stage(sentence="inside")
        torch.manual_seed(3)

    before = global_state()
    job = cleans_up()
    advance(job)

    close(job)

    assert global_state() == before
