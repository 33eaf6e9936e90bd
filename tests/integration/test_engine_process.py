"""The real engine process, with torch-free jobs: its life, its deaths, its messages."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from backend.channel.inprocess import InProcessEngine, ThreadedEngine
from backend.channel.messages import CancelJob, PauseJobs, ResumeJobs, StartJob
from backend.channel.subprocess import SubprocessEngines
from backend.channel.supervisor import Patience, Supervisor
from backend.engine.worker import Worker
from backend.places import Places
from backend.schema.events import Cancelled, Failed, Finished, ImageReady
from backend.schema.picture_settings import BatchSettings
from tests.fixtures.jobs import KINDS
from tests.fixtures.listening import Recorder
from tests.fixtures.requests import resolved

ROOT = Path(__file__).resolve().parents[2]
JOBS = ("--kinds", "tests.fixtures.jobs")
PATIENCE = Patience(ready=60.0, restarts=(0.0, 0.1), goodbye=5.0)


@pytest.fixture
def places(tmp_path) -> Places:
    (tmp_path / "data").mkdir()
    return Places(ROOT, tmp_path / "outputs", tmp_path / "data", ROOT / "models")


def start_job(job: str, prompt: str) -> StartJob:
    request = resolved(prompt).model_copy(update={"batch": BatchSettings(count=2)})
    return StartJob(job=job, kind="generate", request=request.model_dump(), created=time.time())


@pytest.fixture(params=["process", "thread"])
def launch(request, places):
    """A real process, and the same worker on a thread: nobody can tell the difference."""
    if request.param == "process":
        return SubprocessEngines(places, JOBS)
    return lambda on_message, on_exit: ThreadedEngine(
        lambda send: Worker(KINDS, places, send), on_message, on_exit
    )


@pytest.fixture
def listener() -> Recorder:
    return Recorder()


@contextmanager
def supervised(launch, listener: Recorder, patience: Patience = PATIENCE) -> Generator[Supervisor]:
    supervisor = Supervisor(launch, listener, patience)
    supervisor.start()
    listener.wait_until(supervisor, "ready")
    try:
        yield supervisor
    finally:
        supervisor.close()


@pytest.fixture
def any_engine(launch, listener):
    with supervised(launch, listener) as supervisor:
        yield supervisor


@pytest.fixture
def process(places, listener):
    with supervised(SubprocessEngines(places, JOBS), listener) as supervisor:
        yield supervisor


def test_jobs_run_side_by_side_to_their_ends(any_engine, listener, places):
    any_engine.send(start_job("a" * 12, "first"))
    any_engine.send(start_job("b" * 12, "second"))
    any_engine.send(start_job("c" * 12, "raise something"))

    listener.wait_for(lambda: all(listener.ends(job * 12) for job in "abc"))

    assert listener.ends("a" * 12) == listener.ends("b" * 12) == [Finished()]
    [failed] = listener.ends("c" * 12)
    assert isinstance(failed, Failed)
    assert "something" in failed.details
    ready = [event for _, event in listener.told if isinstance(event, ImageReady)]
    assert len(ready) == 5
    assert all((places.outputs / event.path).is_file() for event in ready)


def test_a_waiting_job_is_paused_resumed_and_cancelled(any_engine, listener):
    any_engine.send(start_job("a" * 12, "slow"))
    listener.wait_for(lambda: len(listener.told) > 20)

    any_engine.send(PauseJobs())
    time.sleep(0.3)
    heard = len(listener.told)
    time.sleep(0.3)
    assert len(listener.told) == heard

    any_engine.send(ResumeJobs())
    listener.wait_for(lambda: len(listener.told) > heard)
    any_engine.send(CancelJob(job="a" * 12))
    listener.wait_for(lambda: listener.ends("a" * 12))

    assert listener.ends("a" * 12) == [Cancelled()]


@pytest.mark.parametrize(
    ("prompt", "exit_code", "words"),
    [
        ("exit 7", 7, "stopped with exit code 7"),
        ("kill", -9, "was killed by the system"),
        ("segfault", -11, "crashed in native code"),
    ],
)
def test_a_death_is_told_with_its_reason_and_a_new_engine_comes(
    process, listener, prompt, exit_code, words
):
    process.send(start_job("a" * 12, prompt))

    listener.wait_for(lambda: listener.deaths and process.state == "ready")

    [death] = listener.deaths
    assert death.exit_code == exit_code
    assert words in death.sentence
    saved = [event for _, event in listener.told if isinstance(event, ImageReady)]
    assert [event.index for event in saved] == [0]
    assert listener.ends("a" * 12) == []
    process.send(start_job("b" * 12, "quiet"))
    listener.wait_for(lambda: listener.ends("b" * 12) == [Finished()])


def test_the_last_words_of_a_crash_are_kept(process, listener):
    process.send(start_job("a" * 12, "segfault"))

    listener.wait_for(lambda: listener.deaths)

    assert "Segmentation fault" in listener.deaths[0].last_words


def test_an_engine_that_answers_nobody_is_replaced(places, listener):
    patience = Patience(ready=60.0, silence=3.0, restarts=(0.0,), goodbye=5.0)
    with supervised(SubprocessEngines(places, JOBS), listener, patience) as supervisor:
        supervisor.send(start_job("a" * 12, "stop"))

        listener.wait_for(lambda: listener.deaths and supervisor.state == "ready")

        assert "gave no sign of life" in listener.deaths[0].sentence


def test_a_job_that_does_not_come_back_is_ended_with_its_engine(process, listener, places):
    process.send(start_job("a" * 12, "hang"))
    listener.wait_for(lambda: any(isinstance(event, ImageReady) for _, event in listener.told))
    process.send(CancelJob(job="a" * 12))
    beats = listener.order.count("changed")
    listener.wait_for(lambda: listener.order.count("changed") > beats + 1)
    assert listener.deaths == []  # it still beats: only a person's second click ends it

    process.kill()
    listener.wait_for(lambda: listener.deaths and process.state == "ready")

    assert listener.deaths[0].wanted


def test_an_engine_that_cannot_begin_is_given_up_with_its_last_words(places, listener):
    supervisor = Supervisor(
        SubprocessEngines(places, ("--kinds", "tests.fixtures.nowhere")),
        listener,
        Patience(restarts=(0.0,)),
    )
    supervisor.start()

    listener.wait_for(lambda: supervisor.gave_up)
    supervisor.close()

    assert len(listener.deaths) == 2
    assert "tests.fixtures.nowhere" in listener.deaths[-1].last_words


def engine_pids() -> set[int]:
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if "backend.engine" in child.cmdline()
    }


def test_closing_leaves_no_process_behind(places, listener):
    with supervised(SubprocessEngines(places, JOBS), listener) as supervisor:
        assert engine_pids()
        supervisor.send(start_job("a" * 12, "slow"))

    assert engine_pids() == set()
    assert listener.deaths == []


PARENT = """
import os, sys, time
from pathlib import Path
from backend.channel.subprocess import SubprocessEngines
from backend.places import Places
folder, root = Path(sys.argv[1]), Path(sys.argv[2])
places = Places(root, folder / "outputs", folder / "data", root / "models")
def heard(body):
    (folder / "news.json").write_bytes(body)
    (folder / "news.json").rename(folder / "ready.json") if b'"pid"' in body else None
SubprocessEngines(places, ("--kinds", "tests.fixtures.jobs"))(heard, print)
time.sleep(60)
"""


def test_an_engine_whose_page_was_killed_ends_itself(tmp_path, places):
    told = tmp_path / "ready.json"
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(ROOT)]
    with subprocess.Popen(command, cwd=ROOT) as parent:
        wait_for(told.exists)
        engine = psutil.Process(json.loads(told.read_text())["pid"])
        assert engine.is_running()
        os.kill(parent.pid, signal.SIGKILL)

    wait_for(lambda: is_gone(engine))


def wait_for(true, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_a_second_engine_stays_away_from_the_folder(process, places):
    other = Recorder()
    hurried = SubprocessEngines(places, ("--lock-seconds", "0.5", *JOBS))
    supervisor = Supervisor(hurried, other, Patience(restarts=()))
    supervisor.start()

    other.wait_for(lambda: supervisor.gave_up)
    supervisor.close()

    assert "still uses the data folder" in other.deaths[0].last_words
    assert process.state == "ready"


def test_an_engine_driven_by_hand_is_a_real_one(places):
    told: list[bytes] = []
    ends: list[object] = []
    engine = InProcessEngine(lambda send: Worker(KINDS, places, send), told.append, ends.append)
    engine.send(start_job("a" * 12, "by hand"))
    while not engine.idle:
        engine.step()
    engine.kill()
    engine.kill()

    assert b'"ready"' in told[0]
    assert b'"finished"' in told[-1]
    assert len(ends) == 1
