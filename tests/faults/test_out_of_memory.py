"""Whatever runs out of memory, the picture is made, or it is said what was needed."""

import gc
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.channel.subprocess import ENGINE_ENVIRONMENT
from backend.engine.run import generate
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, ImageReady, Metric, Warned
from backend.schema.hires import ResolvedHires
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedRequest, ResolvedSampling, ResolvedSize
from tests.fixtures.short_memory import DECODE, DRAW, READ, short_memory
from tests.fixtures.starter import ROOT, context_in, of_type, starter_request

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.engine,
]

QUICK = ResolvedSampling(sampler="euler", schedule="karras", steps=2, cfg_scale=4.5)
PAIR = starter_request(sampling=QUICK, batch=BatchSettings(size=2))
WIDE = starter_request(sampling=QUICK).model_copy(
    update={"size": ResolvedSize(width=272, height=64)}
)
"""More latents along a side than a small tile has."""
CALLS = ["load"] * 3 + [READ] * 2 + [DRAW] * 2 + [DECODE] * 2
"""Of a run that fits."""


def make(
    folder: Path, request: ResolvedRequest, kept: dict[str, object] | None = None
) -> list[Event]:
    return list(generate(request.model_dump(mode="json"), context_in(folder, kept=kept)))


def pictures(folder: Path, events: list[Event]) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for event in events:
        if isinstance(event, ImageReady):
            with Image.open(folder / "outputs" / event.path) as opened:
                found.append(np.asarray(opened, dtype=float))
    return found


def sentences(events: list[Event]) -> list[str]:
    return [event.sentence for event in events if isinstance(event, Warned)]


def metrics(events: list[Event]) -> dict[str, float]:
    return {event.name: event.value for event in events if isinstance(event, Metric)}


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.square(one - other).mean()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


@pytest.fixture(scope="module")
def fitting(tmp_path_factory):
    """The pictures of runs that fit."""
    folder = tmp_path_factory.mktemp("fitting")
    with short_memory() as memory:
        pair = pictures(folder, make(folder, PAIR))
    assert memory.calls == CALLS
    return {"pair": pair, "wide": pictures(folder / "wide", make(folder / "wide", WIDE))}


@pytest.mark.parametrize("number", range(1, len(CALLS) + 1))
def test_memory_that_is_short_once_changes_no_pixel(tmp_path, fitting, number):
    with short_memory([number]) as memory:
        events = make(tmp_path, PAIR)

    made = pictures(tmp_path, events)
    assert [psnr(*pair) for pair in zip(made, fitting["pair"], strict=True)] == [math.inf] * 2
    [said] = sentences(events)
    assert "what earlier pictures had left in it was freed" in said
    assert len(memory.calls) > len(CALLS)


def test_a_second_pass_that_does_not_fit_leaves_the_first_as_it_is(tmp_path):
    passes = ResolvedHires(
        factor=1.5,
        method="lanczos",
        strength=0.5,
        steps=2,
        sampler="euler",
        schedule="karras",
        sizes=((96, 96),),
    )
    larger = PAIR.model_copy(update={"hires": passes})
    with short_memory() as memory:
        usual = pictures(tmp_path / "usual", make(tmp_path / "usual", larger))
    draws = [number for number, kind in enumerate(memory.calls, 1) if kind == DRAW]
    enlarging = memory.calls.index(DECODE, draws[1]) + 1

    with short_memory([enlarging, draws[2] + 1]) as memory:
        events = make(tmp_path, larger)

    made = pictures(tmp_path, events)
    assert min(psnr(*pair) for pair in zip(made, usual, strict=True)) >= 60
    assert len(sentences(events)) == 2
    assert memory.calls[: draws[1]].count(DRAW) == 2
    assert memory.calls.count(DRAW) in (5, 7)  # whole, or one picture after the other


def test_where_a_batch_does_not_fit_its_pictures_are_drawn_one_after_the_other(tmp_path, fitting):
    first = CALLS.index(DRAW) + 1
    with short_memory([first, first + 1]) as memory:
        events = make(tmp_path, PAIR)

    made = pictures(tmp_path, events)
    assert min(psnr(*pair) for pair in zip(made, fitting["pair"], strict=True)) >= 60
    assert len(sentences(events)) == 2
    assert metrics(events)["pictures_at_once"] == 1
    assert memory.calls.count(DRAW) == 2 + 4


def test_where_decoding_does_not_fit_it_is_done_in_tiles_and_remembered(tmp_path, fitting):
    kept: dict[str, object] = {}
    first = CALLS.index(DECODE) + 1
    with short_memory([first, first + 1]) as memory:
        events = make(tmp_path, WIDE, kept)
    with short_memory() as later:
        again = make(tmp_path / "again", WIDE, kept)
        small = make(tmp_path / "small", PAIR, kept)

    [made] = pictures(tmp_path, events)
    assert psnr(made, fitting["wide"][0]) >= 40
    assert sentences(events)[-1].endswith("so the picture is decoded in tiles.")
    assert memory.calls.count(DRAW) == 2
    assert metrics(events)["latents_in_a_tile"] == metrics(again)["latents_in_a_tile"] == 32
    assert sentences(again) == []
    assert np.array_equal(pictures(tmp_path / "again", again)[0], made)
    assert "latents_in_a_tile" not in metrics(small)
    assert later.calls


@pytest.mark.parametrize("phase", ["load", READ, DRAW, DECODE])
def test_where_nothing_helps_it_is_said_what_was_needed_and_nothing_is_leaked(tmp_path, phase):
    context = context_in(tmp_path)
    with short_memory(refuses=lambda number, kind: kind == phase) as memory:
        with pytest.raises(OutOfMemoryError) as caught:
            list(generate(PAIR.model_dump(mode="json"), context))
        del context

    assert "2.1 GB more" in caught.value.sentence
    assert "were free" in caught.value.sentence
    assert "smaller" in caught.value.hint
    assert caught.value.needed_bytes == 2 * 2**30
    assert memory.calls.count(phase) <= 5
    del caught
    gc.collect()
    assert not [each for each in memory.made if each() is not None]


def test_another_error_is_not_taken_for_short_memory(tmp_path, monkeypatch):
    def broken(*arguments, **named):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("backend.engine.work.decode", broken)

    with pytest.raises(RuntimeError, match="mat1"):
        make(tmp_path, PAIR)


def test_an_engine_that_is_killed_before_decoding_costs_no_drawing(tmp_path, fitting):
    request = PAIR.model_dump_json()
    command = [sys.executable, "-m", "tests.fixtures.dying_engine", str(tmp_path), request]
    died = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | ENGINE_ENVIRONMENT)
    assert died.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "data" / "latents").iterdir())) == 2

    with short_memory() as memory:
        events = make(tmp_path, PAIR)

    made = pictures(tmp_path, events)
    assert [psnr(*pair) for pair in zip(made, fitting["pair"], strict=True)] == [math.inf] * 2
    assert DRAW not in memory.calls
    assert "seconds_in_models" not in metrics(events)
    assert not list((tmp_path / "data" / "latents").iterdir())


def test_a_decoding_that_broke_goes_on_where_it_was(tmp_path, fitting, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("backend.engine.work.decode", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(tmp_path, PAIR)

    with short_memory() as memory:
        events = make(tmp_path, PAIR)

    assert psnr(pictures(tmp_path, events)[1], fitting["pair"][1]) == math.inf
    assert DRAW not in memory.calls
    assert len(of_type(events, ImageReady)) == 2
