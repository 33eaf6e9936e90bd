"""The whole program is killed: the next one goes on, with nothing lost and nothing made twice."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from backend.schema.errors import AlreadyRunningError
from backend.schema.jobs import OWNER, JobState
from tests.fixtures.program import ROOT, children, gone, wait_until
from tests.fixtures.real_studio import (
    asked,
    ended,
    indices_on_disk,
    nothing_was_made_twice,
    real_studio,
    submit,
    wait_for,
)

PICTURES = 8


@contextmanager
def program(
    folder: Path, prompt: str = "a cat", pictures: int = PICTURES
) -> Generator[subprocess.Popen[str]]:
    """A program that makes pictures, or goes on with them."""
    command = [sys.executable, "-m", "tests.fixtures.real_studio", str(folder), prompt]
    started = subprocess.Popen(
        [*command, str(pictures)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    known = psutil.Process(started.pid)
    with started:
        try:
            yield started
        finally:
            for left in children(known):
                left.kill()
            started.kill()


def kill(running: subprocess.Popen[str]) -> None:
    """As the system does when memory runs out: at once, and the engine finds itself alone."""
    engines = children(psutil.Process(running.pid))
    running.kill()
    running.wait()
    wait_until(lambda: all(map(gone, engines)), lambda: "the engine stayed", seconds=10)


def first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline().strip()


def made(folder: Path) -> int:
    return len(list((folder / "outputs").rglob("*.png")))


def test_killed_in_the_middle_of_a_batch_and_started_again(tmp_path):
    with program(tmp_path) as running:
        job_id = first_line(running)
        wait_until(lambda: made(tmp_path) >= 2, lambda: "no pictures")
        kill(running)
    assert made(tmp_path) < PICTURES

    with real_studio(tmp_path) as studio:
        job = studio.jobs.view(OWNER, job_id)
        view = ended(studio, job)
        assert (view.state, view.engine_deaths) == (JobState.FINISHED, 0)
        assert [picture.index for picture in view.pictures] == list(range(PICTURES))
        assert len(studio.gallery.newest(OWNER)) == PICTURES
        assert indices_on_disk(tmp_path, job) == list(range(PICTURES))
    assert nothing_was_made_twice(tmp_path)


def test_killed_again_and_again_at_any_moment(tmp_path):
    many, job_id = 60, ""
    for attempt in range(4):
        with program(tmp_path, pictures=many) as running:
            job_id = first_line(running)
            before = made(tmp_path)
            wait_until(lambda before=before: made(tmp_path) > before, lambda: "no pictures")
            time.sleep(0.007 * attempt)
            kill(running)
    assert made(tmp_path) < many

    with real_studio(tmp_path) as studio:
        (job,) = studio.jobs.snapshot(OWNER).jobs
        assert job.id == job_id
        view = ended(studio, job)
        assert (view.state, view.engine_deaths) == (JobState.FINISHED, 0)
        assert [picture.index for picture in view.pictures] == list(range(many))
        assert len(studio.gallery.newest(OWNER, 100)) == many
    assert nothing_was_made_twice(tmp_path)


def test_what_waited_is_done_after_a_kill(tmp_path):
    with program(tmp_path, "slow") as running:
        running_job = first_line(running)
        with pytest.raises(AlreadyRunningError), real_studio(tmp_path):
            pass
        kill(running)
    (tmp_path / "data" / "go-on").write_text("")

    with real_studio(tmp_path) as studio:
        late = submit(studio, "a cat", 1)
        assert ended(studio, studio.jobs.view(OWNER, running_job)).state is JobState.FINISHED
        assert ended(studio, late).state is JobState.FINISHED
        first, *_ = sorted(studio.gallery.newest(OWNER), key=lambda picture: picture.created)
        assert first.job == running_job


def test_a_job_that_ended_stays_ended_after_a_kill(tmp_path):
    with program(tmp_path) as running:
        job_id = first_line(running)
        assert first_line(running) == "ended"
        kill(running)

    with real_studio(tmp_path) as studio:
        assert studio.jobs.view(OWNER, job_id).state is JobState.FINISHED
        assert len(studio.jobs.view(OWNER, job_id).pictures) == PICTURES
        time.sleep(0.3)
    assert nothing_was_made_twice(tmp_path)


def test_a_death_of_the_engine_before_the_kill_still_counts(tmp_path):
    with program(tmp_path, "kill") as running:
        job_id = first_line(running)
        assert first_line(running) == "ended"
        kill(running)

    with real_studio(tmp_path) as studio:
        view = studio.jobs.view(OWNER, job_id)
        assert (view.state, view.engine_deaths) == (JobState.SET_ASIDE, 2)
        again = studio.generation.submit(OWNER, asked("a cat", 1))
        wait_for(studio, again, lambda view: view.state is JobState.FINISHED)
