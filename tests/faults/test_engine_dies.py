"""The engine dies: the page's process stays, says so, and every picture is there once."""

import signal
import sys
import time
from dataclasses import replace

import pytest

from backend.channel.supervisor import Patience
from backend.jobs.queue import HANDED_OVER
from backend.schema.jobs import OWNER, JobChanged, JobState
from backend.schema.series import Axis, SeriesRequest
from backend.schema.upscaling import UpscaleRequest
from tests.fixtures.program import wait_until
from tests.fixtures.real_studio import (
    QUICK,
    asked,
    ended,
    engine_of_this_process,
    indices_on_disk,
    nothing_was_made_twice,
    read_to_the_end_of,
    real_studio,
    submit,
    wait_for,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

GOES_ON = "The job goes on with the pictures that were not made yet."


@pytest.fixture
def studio(tmp_path):
    with real_studio(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("prompt", "what"),
    [
        ("once-kill", "The engine was killed by the system"),
        ("once-kill-after", "The engine was killed by the system"),
        ("once-exit 3", "The engine stopped with exit code 3"),
    ],
)
def test_a_batch_goes_on_after_the_death_of_the_engine(studio, tmp_path, prompt, what):
    check_that_a_batch_goes_on(studio, tmp_path, prompt, what)


def test_a_batch_goes_on_after_an_engine_that_stood_still(tmp_path):
    with real_studio(tmp_path, patience=replace(QUICK, silence=3.0)) as studio:
        check_that_a_batch_goes_on(studio, tmp_path, "once-stop", "gave no sign of life for 3")


@pytest.mark.parametrize("prompt", ["once-kill", "once-kill-after"])
def test_an_enlargement_is_made_once_whenever_the_engine_dies(studio, tmp_path, prompt):
    (small,) = ended(studio, submit(studio, prompt, 1)).pictures

    request = UpscaleRequest(picture=small.id, factor=4)
    view = ended(studio, studio.upscaling.submit(OWNER, request))

    assert (view.state, view.engine_deaths) == (JobState.FINISHED, 1)
    (large,) = view.pictures
    assert (large.width, large.prompt) == (4 * small.width, prompt)
    assert indices_on_disk(tmp_path, view) == [0]
    assert nothing_was_made_twice(tmp_path)


@pytest.mark.parametrize("prompt", ["once-kill", "once-kill-after"])
def test_a_grid_goes_on_after_the_death_of_the_engine(studio, tmp_path, prompt):
    x, y = Axis(field="seed", values="1-3"), Axis(field="steps", values="2,3")
    request = SeriesRequest(base=asked(prompt, 1), x=x, y=y)

    view = ended(studio, studio.series.submit(OWNER, request))

    assert (view.state, view.engine_deaths) == (JobState.FINISHED, 1)
    assert [picture.index for picture in view.pictures] == list(range(7))
    assert [picture.seed for picture in view.pictures] == [1, 2, 3, 1, 2, 3, 1]
    assert indices_on_disk(tmp_path, view) == list(range(7))
    assert nothing_was_made_twice(tmp_path)


def check_that_a_batch_goes_on(studio, tmp_path, prompt, what):
    with studio.jobs.follow(OWNER) as reader:
        job = submit(studio, prompt, 4)
        items = read_to_the_end_of(reader, job)

    told = [item.system for item in items if item.type == "system"]
    assert any(what in system.sentence for system in told)
    assert {"restarting", "busy"} <= {system.engine for system in told}
    assert what in studio.jobs.snapshot(OWNER).system.sentence
    views = [item.job for item in items if isinstance(item, JobChanged)]
    assert [view.state.ended for view in views].count(True) == 1
    view = studio.jobs.view(OWNER, job.id)
    assert (view.state, view.engine_deaths) == (JobState.FINISHED, 1)
    assert len(view.warnings) == 1
    assert what in view.warnings[0]
    assert view.warnings[0].endswith(GOES_ON)
    assert [picture.index for picture in view.pictures] == [0, 1, 2, 3]
    assert indices_on_disk(tmp_path, job) == [0, 1, 2, 3]
    assert nothing_was_made_twice(tmp_path)
    assert len(studio.gallery.newest(OWNER)) == 4


def test_killed_at_any_moment_nothing_is_lost_or_made_twice(tmp_path):
    with real_studio(tmp_path, patience=replace(QUICK, settled=0.0)) as studio:
        for attempt in range(4):
            job = studio.generation.submit(OWNER, asked("a cat", 6, steps=10))
            wait_for(studio, job, lambda view: view.progress is not None)
            time.sleep(0.013 * attempt)
            engine_of_this_process().kill()

            view = ended(studio, job)

            assert view.state is JobState.FINISHED
            assert [picture.index for picture in view.pictures] == list(range(6))
            assert indices_on_disk(tmp_path, job) == list(range(6))
        assert len(studio.gallery.newest(OWNER)) == 24
    assert nothing_was_made_twice(tmp_path)


def test_a_job_that_kills_the_engine_twice_is_set_aside_and_the_next_goes_on(studio, tmp_path):
    poison = submit(studio, "kill", 3)
    harmless = submit(studio, "a cat", 1)

    view = ended(studio, poison)

    assert (view.state, view.engine_deaths) == (JobState.SET_ASIDE, 2)
    assert view.failure
    assert "died twice while it did this job" in view.failure.sentence
    assert [picture.index for picture in view.pictures] == [0]
    assert ended(studio, harmless).state is JobState.FINISHED
    assert nothing_was_made_twice(tmp_path)


def test_an_idle_engine_that_is_killed_comes_back(studio):
    ended(studio, submit(studio, "a cat", 1))
    engine_of_this_process().kill()
    wait_until(
        lambda: studio.jobs.snapshot(OWNER).system.engine != "ready",
        lambda: "not seen",
    )
    job = submit(studio, "a cat", 1)

    view = ended(studio, job)

    assert (view.state, view.engine_deaths) == (JobState.FINISHED, 0)


def test_an_engine_that_is_asked_to_end_is_not_the_jobs_fault(studio):
    job = studio.generation.submit(OWNER, asked("a cat", 12, steps=20))
    for pictures in (1, 4, 7):
        wait_for(studio, job, lambda view, pictures=pictures: len(view.pictures) >= pictures)
        engine_of_this_process().send_signal(signal.SIGTERM)

    view = ended(studio, job)

    assert (view.state, view.engine_deaths) == (JobState.FINISHED, 0)
    assert len(view.pictures) == 12


def test_a_job_that_does_not_come_back_is_cancelled_with_its_engine(studio):
    job = submit(studio, "hang", 3)
    waiting = submit(studio, "a cat", 1)
    wait_for(studio, job, lambda view: len(view.pictures) == 1 and view.stage != HANDED_OVER)
    time.sleep(0.2)

    studio.jobs.cancel(OWNER, job.id)
    studio.jobs.cancel(OWNER, job.id)
    assert not studio.jobs.view(OWNER, job.id).state.ended  # a double click is one click
    time.sleep(1.1)
    studio.jobs.cancel(OWNER, job.id)
    view = ended(studio, job)

    assert (view.state, view.engine_deaths) == (JobState.CANCELLED, 0)
    assert len(view.pictures) == 1
    assert "because a job did not stop" in studio.jobs.snapshot(OWNER).system.sentence
    assert ended(studio, waiting).state is JobState.FINISHED


def test_a_job_that_does_not_obey_is_ended_without_a_second_cancel(studio, monkeypatch):
    monkeypatch.setattr("backend.jobs.queue.OBEY_SECONDS", 0.5)
    job = submit(studio, "hang", 3)
    wait_for(studio, job, lambda view: len(view.pictures) == 1)

    studio.jobs.cancel(OWNER, job.id)

    assert ended(studio, job).state is JobState.CANCELLED


def test_an_engine_that_cannot_start_pauses_the_queue_and_says_why(tmp_path):
    impatient = Patience(ready=60.0, restarts=(0.0,))
    with real_studio(tmp_path, ("--kinds", "no.such.module"), impatient) as studio:
        job = submit(studio, "a cat", 1)
        wait_for(studio, job, lambda view: studio.jobs.snapshot(OWNER).system.queue_paused)

        system = studio.jobs.snapshot(OWNER).system
        assert system.engine == "stopped"
        assert "stopped with exit code 1" in system.queue_reason
        assert "No module named 'no'" in system.queue_reason
        assert studio.jobs.view(OWNER, job.id).state is JobState.QUEUED
        studio.jobs.cancel(OWNER, job.id)
        assert studio.jobs.view(OWNER, job.id).state is JobState.CANCELLED
