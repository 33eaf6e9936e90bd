"""Jobs on the host: several at once, beside the engine, paused and resumed over a restart."""

import threading

import pytest

from backend.jobs.host_jobs import HostJobs
from backend.jobs.speed import Speedometer
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import HubGoneError, RequestError
from backend.schema.events import Failed, Stage
from backend.schema.hubs import HubFile, HubName
from backend.schema.jobs import OWNER, JobState
from tests.fixtures.desk import Desk, job
from tests.fixtures.program import wait_until

FILE = HubFile(name="dream.safetensors", address="https://civitai.com/1", bytes=100)


def download(number):
    request = DownloadRequest(hub=HubName.CIVITAI, model="1", file=FILE, folder="/m", name="Dream")
    body = request.model_dump(mode="json")
    return job(number).model_copy(update={"kind": "download", "request": body})


class Steps:
    """Work that takes a step when a test lets it."""

    def __init__(self):
        self.gates = {}
        self.begun = []
        self.discarded = []
        self.error = None

    def run(self, job):
        gate = self.gates.setdefault(job.id, threading.Semaphore(0))
        self.begun.append(job.id)
        done = 0
        while True:
            yield Stage(sentence="Working", done_bytes=done, total_bytes=100)
            gate.acquire(timeout=10)
            if self.error:
                raise self.error
            done += 50
            if done > 100:
                return

    def discard(self, job):
        self.discarded.append(job.id)

    def step(self, number, count=1):
        wait_until(lambda: f"{number:012x}" in self.gates, lambda: "not begun", seconds=10)
        self.gates[f"{number:012x}"].release(count)


class Host:
    def __init__(self, path):
        self.desk = Desk(path)
        self.steps = Steps()
        self.host = HostJobs(self.desk.board, {"download": self.steps})
        self.host.recover()

    def is_so(self, number, **facts):
        def look():
            view = self.desk.view(number)
            return all(getattr(view, name) == value for name, value in facts.items())

        wait_until(look, lambda: f"{self.desk.view(number)}", seconds=10)
        return self.desk.view(number)

    def end(self):
        self.host.close()
        self.desk.journal.close()


@pytest.fixture
def opened(tmp_path):
    hosts = []

    def open_one():
        if hosts:
            for gate in hosts[-1].steps.gates.values():
                gate.release(9)
            hosts[-1].end()
        hosts.append(Host(tmp_path / "journal.sqlite3"))
        return hosts[-1]

    yield open_one
    for gate in hosts[-1].steps.gates.values():
        gate.release(9)
    hosts[-1].end()


def test_two_at_once_and_the_third_waits_its_turn(opened):
    host = opened()
    for number in (1, 2, 3):
        host.host.submit(download(number))

    for number in (1, 2):
        host.is_so(number, state=JobState.RUNNING, done_bytes=0, total_bytes=100)
    assert host.is_so(3, state=JobState.QUEUED, position=1).title == "Download Dream"

    host.steps.step(1, 3)

    host.is_so(1, state=JobState.FINISHED)
    host.is_so(3, state=JobState.RUNNING, position=None)


def test_the_engine_and_its_queue_neither_wait_for_it_nor_hold_it_up(opened):
    host = opened()
    host.host.submit(download(1))
    host.is_so(1, state=JobState.RUNNING)
    host.desk.queue.pause()
    host.desk.be_ready()
    host.desk.queue.submit(job(2))
    assert host.desk.queue.system.queued == 1
    assert host.desk.view(2).position == 1

    host.desk.queue.resume()
    assert host.desk.started() == [job(2).id]
    host.desk.queue.pause()
    host.desk.die()
    host.steps.step(1, 3)

    host.is_so(1, state=JobState.FINISHED, engine_deaths=0)
    assert host.desk.started() == [job(2).id]


def test_a_pause_makes_room_and_is_remembered_over_a_restart(opened):
    host = opened()
    for number in (1, 2, 3):
        host.host.submit(download(number))
    host.is_so(1, state=JobState.RUNNING)

    assert host.host.pause(download(1).id).view().paused
    host.steps.step(1)
    host.is_so(3, state=JobState.RUNNING)
    assert (host.desk.view(1).state, host.desk.view(1).position) == (JobState.QUEUED, None)

    later = opened()
    later.is_so(1, state=JobState.QUEUED, paused=True)
    for number in (2, 3):
        later.is_so(number, state=JobState.RUNNING)
    later.host.resume(download(1).id)
    later.is_so(1, paused=False, position=1)
    later.steps.step(2, 3)
    later.is_so(1, state=JobState.RUNNING)


def test_a_resume_while_it_still_stops_goes_on_afterwards(opened):
    host = opened()
    host.host.submit(download(1))
    host.is_so(1, done_bytes=0)

    host.host.pause(download(1).id)
    host.host.resume(download(1).id)
    host.steps.step(1)

    wait_until(lambda: len(host.steps.begun) == 2, lambda: "not begun again", seconds=10)
    host.steps.step(1, 3)
    host.is_so(1, state=JobState.FINISHED)


@pytest.mark.parametrize("running", [True, False])
def test_what_is_cancelled_ends_at_once_and_leaves_nothing(opened, running):
    host = opened()
    host.host.submit(download(1))
    host.is_so(1, state=JobState.RUNNING)
    if not running:
        host.host.pause(download(1).id)
        host.steps.step(1)

    host.host.cancel(download(1).id)

    assert host.desk.view(1).state is JobState.CANCELLED
    if running:
        host.steps.step(1)
    wait_until(lambda: host.steps.discarded == [download(1).id], lambda: "left", seconds=10)
    assert host.desk.journaled(1) is JobState.CANCELLED
    with pytest.raises(RequestError, match="ended"):
        host.host.resume(download(1).id)


@pytest.mark.parametrize(
    ("error", "code"),
    [(HubGoneError("It is gone.", "Search."), "hub_gone"), (KeyError(1), "error")],
)
def test_a_failure_says_why_and_makes_room(opened, error, code):
    host = opened()
    host.host.submit(download(1))
    host.is_so(1, state=JobState.RUNNING)
    host.steps.error = error

    host.steps.step(1)

    view = host.is_so(1, state=JobState.FAILED)
    assert isinstance(view.failure, Failed)
    assert view.failure.code == code
    assert host.steps.discarded == []


def test_the_speed_is_of_the_last_seconds_and_starts_anew_when_the_work_does():
    meter = Speedometer()

    assert meter.speed(0.0, 0) is None
    assert meter.speed(1.0, 500) == 500
    assert meter.speed(30.0, 1000) is None
    assert meter.speed(32.0, 3000) == 1000
    assert meter.speed(33.0, 10) is None


def test_speed_and_time_left_are_seen(opened):
    host = opened()
    times = iter([0.0, 1.0, 2.0, 3.0])
    host.host._now = lambda: next(times)
    host.host.submit(download(1))
    host.steps.step(1)

    view = host.is_so(1, done_bytes=50)

    assert (view.speed, view.seconds_left) == (50.0, 1.0)
    assert host.desk.board.views(OWNER)[0].speed == 50.0
