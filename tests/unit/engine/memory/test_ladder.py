"""The steps that are taken when memory runs out."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from backend.engine.memory import ladder as ladder_module
from backend.engine.memory.ladder import Ladder, Lessons
from backend.engine.memory.means import Load, Means
from backend.engine.memory.spill import SpillWatch
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Warned

LARGE = Load(width=128, height=128, pictures=8)
SMALL = Load(width=64, height=64, pictures=8)
MODEL = "/models/one"


@pytest.fixture(autouse=True)
def no_collecting(monkeypatch):
    """Collecting garbage takes its time where all of torch is loaded."""
    monkeypatch.setattr(ladder_module, "free_memory", lambda: None)


def full(words: str = "CUDA out of memory.") -> RuntimeError:
    return torch.OutOfMemoryError(words)


def refuse(words: str) -> None:
    raise full(words)


def ladder(load: Load = LARGE, means: Means | None = None) -> Ladder:
    return Ladder(load, means or Means(), free=lambda: None)


def tried(ladder: Ladder, phase, words: str = "") -> list[Means]:
    """The means of each attempt, where all of them fail."""
    seen: list[Means] = []

    def call() -> None:
        seen.append(ladder.means)
        raise full(words)

    with pytest.raises(OutOfMemoryError):
        ladder.attempt(phase, call)
    return seen


def test_a_batch_becomes_smaller_step_by_step():
    assert [means.pictures for means in tried(ladder(), "draw")] == [None, None, 4, 1]


def test_a_single_picture_cannot_be_drawn_in_smaller_batches():
    assert len(tried(ladder(Load(128, 128, 1)), "draw")) == 2


def test_tiles_become_smaller_step_by_step():
    assert [means.tile for means in tried(ladder(), "decode")] == [None, None, 64, 32]


def test_a_picture_no_larger_than_a_tile_skips_it():
    assert [means.tile for means in tried(ladder(SMALL), "decode")] == [None, None, 32]


def test_what_was_tried_in_one_phase_helps_no_second_time_but_in_others():
    steps = ladder()
    first = tried(steps, "draw")

    assert len(tried(steps, "draw")) == 1
    assert len(tried(steps, "decode")) == len(first)


def test_each_step_is_told_once():
    steps = ladder(SMALL)
    tried(steps, "decode")

    freed, tiled = (event.sentence for event in steps.news() if isinstance(event, Warned))

    assert freed.startswith("The memory was full when the picture was decoded, so what earlier")
    assert tiled.endswith("so the picture is decoded in tiles.")
    assert list(steps.news()) == []


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("CUDA out of memory. Tried to allocate 20.50 MiB. GPU 0 has", int(20.5 * 2**20)),
        ("MPS backend out of memory. Tried to allocate 2.00 GB on private pool.", 2 * 2**30),
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 512 bytes.", 512),
        ("out of memory", 0),
    ],
)
def test_what_was_needed_is_told_where_it_is_known(words, needed):
    with pytest.raises(OutOfMemoryError) as caught:
        ladder().attempt("read", partial(refuse, words))

    assert caught.value.needed_bytes == needed
    assert ("needed" in caught.value.sentence) == bool(needed)
    assert caught.value.free_bytes > 0


def test_the_failed_call_is_gone_before_the_next_attempt():
    """Its tensors would otherwise take the room that the next one needs."""
    alive = 0

    class Large:
        def __init__(self) -> None:
            nonlocal alive
            alive += 1

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def call() -> int:
        before = alive
        large = Large()
        if len(attempts) < 2:
            attempts.append(before)
            raise full()
        del large
        return before

    attempts: list[int] = []

    assert ladder().attempt("draw", call) == 0
    assert attempts == [0, 0]


def test_what_helped_is_remembered_for_pictures_as_large_or_larger():
    lessons = Lessons()
    lessons.learn(MODEL, LARGE, Means(tile=64))

    assert lessons.recall(MODEL, LARGE) == Means(tile=64)
    assert lessons.recall(MODEL, Load(256, 256, 1)) == Means(tile=64)
    assert lessons.recall(MODEL, SMALL) == Means()
    assert lessons.recall("/models/other", LARGE) == Means()


def test_a_smaller_picture_that_did_not_fit_either_is_learned_from():
    lessons = Lessons()
    lessons.learn(MODEL, LARGE, Means(tile=64))
    lessons.learn(MODEL, SMALL, Means(tile=32))

    assert lessons.recall(MODEL, SMALL) == lessons.recall(MODEL, LARGE) == Means(tile=32)


def test_a_picture_that_needed_nothing_changes_nothing():
    lessons = Lessons()
    lessons.learn(MODEL, LARGE, Means(tile=64))
    lessons.learn(MODEL, SMALL, Means())

    assert lessons.recall(MODEL, LARGE) == Means(tile=64)


def took(way: Ladder, *steps: float) -> list[str]:
    for seconds in steps:
        way.step_took(seconds)
    return [warned.sentence for warned in way.news() if isinstance(warned, Warned)]


def test_memory_that_overflows_on_windows_is_noticed_by_the_time_that_steps_take():
    spill = SpillWatch(expected=0.5, full=lambda: True)
    way = Ladder(LARGE, Means(), free=lambda: None, spill=spill)

    assert took(way, 0.4, 0.6, 4.0, 0.5, 1.2) == []  # one slow step is something else
    [sentence] = took(way, 4.0, 4.0)
    assert sentence.startswith("The card's memory overflowed into the machine's, which is slow, so")
    took(way, 4.0, 4.0)
    assert way.means.pictures == 4
    for _ in range(9):
        took(way, 4.0)  # nothing is left to do, and that is no failure


@pytest.mark.parametrize(("expected", "full"), [(None, True), (0.5, False)])
def test_slow_steps_alone_say_nothing(expected, full):
    spill = SpillWatch(expected, full=lambda: full)

    assert took(Ladder(LARGE, Means(), free=lambda: None, spill=spill), 9.0, 9.0, 9.0) == []


@pytest.mark.parametrize(
    ("planned", "placements"),
    [
        ("resident", ["model", "group", "leaf"]),
        ("group", ["leaf"]),
        ("leaf", []),
        (None, []),
    ],
)
def test_parts_leave_the_device_one_way_after_the_other(planned, placements):
    load = Load(width=64, height=64, pictures=1, placement=planned, exact=True)

    seen = [means.settings.placement for means in tried(ladder(load), "draw")]

    assert seen == [None, None, *placements]


def test_eight_bits_come_last_and_not_where_exact_was_asked_for():
    load = Load(width=64, height=64, pictures=2, prompts=2, placement="leaf")

    means = tried(ladder(load), "draw")[-1]

    assert (means.pictures, means.prompts_in_turn, means.settings.precision) == (1, True, "fp8")
    exact = replace(load, exact=True)
    assert tried(ladder(exact), "draw")[-1].settings.precision is None
