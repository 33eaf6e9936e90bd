"""The worker: jobs in turn, each with exactly one end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.channel.messages import (
    CancelJob,
    FreeMemory,
    FromEngine,
    JobEvent,
    PauseJobs,
    ResumeJobs,
    ShutDown,
    StartJob,
)
from backend.engine.context import Context
from backend.engine.worker import Worker
from backend.places import Places
from backend.schema.errors import ModelMissingError
from backend.schema.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    SetAside,
    Stage,
    TerminalEvent,
)

PLACES = Places(Path("root"), Path("outputs"), Path("data"), Path("models"))


def steps(request: dict[str, object], context: Context) -> Iterator[Event]:
    for number in range(3):
        yield Stage(sentence=f"{context.job} {number}")


def breaks(request: dict[str, object], context: Context) -> Iterator[Event]:
    yield Stage(sentence="so far so good")
    raise RuntimeError("something inside")


def refuses(request: dict[str, object], context: Context) -> Iterator[Event]:
    raise ModelMissingError("There is no checkpoint.", "Choose another.")


def not_even_a_generator(request: dict[str, object], context: Context) -> Iterator[Event]:
    return iter([Stage(sentence="from a list")])


def ends_by_itself(request: dict[str, object], context: Context) -> Iterator[Event]:
    yield SetAside(sentence="Enough.")
    yield Stage(sentence="never heard")


def will_not_close(request: dict[str, object], context: Context) -> Iterator[Event]:
    try:
        while True:
            yield Stage(sentence="on and on")
    finally:
        raise RuntimeError("clean-up broke")


def ignores_closing(request: dict[str, object], context: Context) -> Iterator[Event]:
    try:
        yield Stage(sentence="on and on")
    except GeneratorExit:
        yield Stage(sentence="as if nothing had been said")


def counts_visits(request: dict[str, object], context: Context) -> Iterator[Event]:
    visits = context.keep("visits", list[str])
    visits.append(context.job)
    yield Stage(sentence=" ".join(visits))


class Shelf:
    """Kept by jobs, and notes when it is emptied."""

    def __init__(self) -> None:
        self.freed = 0

    def free_memory(self) -> None:
        self.freed += 1


def counts_freeing(request: dict[str, object], context: Context) -> Iterator[Event]:
    shelf = context.keep("shelf", Shelf)
    for _ in range(3):
        yield Stage(sentence=f"freed {shelf.freed} times")


KINDS = {
    "train": steps,
    "steps": steps,
    "breaks": breaks,
    "refuses": refuses,
    "list": not_even_a_generator,
    "ends": ends_by_itself,
    "clean-up breaks": will_not_close,
    "ignores closing": ignores_closing,
    "visits": counts_visits,
    "shelf": counts_freeing,
}


class Desk:
    """A worker and all that it told."""

    def __init__(self) -> None:
        self.told: list[FromEngine] = []
        self.worker = Worker(KINDS, PLACES, self.told.append)

    def start(self, job: str, kind: str = "steps") -> None:
        self.worker.receive(StartJob(job=job, kind=kind, request={}, created=0.0))

    def run(self, limit: int = 50) -> None:
        for _ in range(limit):
            if self.worker.idle:
                return
            self.worker.step()

    def of(self, job: str) -> list[Event]:
        return [
            message.event
            for message in self.told
            if isinstance(message, JobEvent) and message.job == job
        ]

    def ends(self, job: str) -> list[Event]:
        return [event for event in self.of(job) if isinstance(event, TerminalEvent)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_job_tells_its_events_and_then_that_it_finished(desk):
    desk.start("a")

    desk.run()

    assert [type(event) for event in desk.of("a")] == [Stage, Stage, Stage, Finished]
    assert desk.worker.idle


def test_jobs_take_turns(desk):
    desk.start("a")
    desk.start("b")

    desk.run()

    heard = [message.event.sentence for message in desk.told if isinstance(message.event, Stage)]
    assert heard == ["a 0", "b 0", "a 1", "b 1", "a 2", "b 2"]


def test_a_training_waits_for_whatever_comes_in_between(desk):
    desk.start("training", "train")
    desk.run(2)
    desk.start("a")
    desk.start("b")

    desk.run()

    heard = [message.event.sentence for message in desk.told if isinstance(message.event, Stage)]
    between = ["a 0", "b 0", "a 1", "b 1", "a 2", "b 2"]
    assert heard == ["training 0", "training 1", *between, "training 2"]


def test_a_job_that_raises_fails_alone(desk):
    desk.start("a", "breaks")
    desk.start("b")

    desk.run()

    [failed] = desk.ends("a")
    assert isinstance(failed, Failed)
    assert failed.code == "unexpected"
    assert "something inside" in failed.details
    assert "RuntimeError" not in failed.sentence
    assert desk.ends("b") == [Finished()]


def test_an_error_that_easel_knows_keeps_its_words(desk):
    desk.start("a", "refuses")

    desk.run()

    [failed] = desk.ends("a")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.sentence) == ("model_missing", "There is no checkpoint.")
    assert failed.hint == "Choose another."


def test_a_kind_that_nobody_does_fails_with_its_name(desk):
    desk.start("a", "knitting")

    [failed] = desk.ends("a")
    assert isinstance(failed, Failed)
    assert "knitting" in failed.sentence
    assert desk.worker.idle


def test_a_job_may_be_any_iterator(desk):
    desk.start("a", "list")
    desk.start("b", "list")
    desk.worker.receive(CancelJob(job="b"))

    desk.run()

    assert desk.of("a") == [Stage(sentence="from a list"), Finished()]
    assert desk.ends("b") == [Cancelled()]


def test_a_job_may_end_in_its_own_way(desk):
    desk.start("a", "ends")

    desk.run()

    assert desk.of("a") == [SetAside(sentence="Enough.")]


def test_a_cancelled_job_ends_at_once_and_once(desk):
    desk.start("a")
    desk.worker.step()

    desk.worker.receive(CancelJob(job="a"))
    desk.worker.receive(CancelJob(job="a"))
    desk.run()

    assert [type(event) for event in desk.of("a")] == [Stage, Cancelled]


@pytest.mark.parametrize("kind", ["clean-up breaks", "ignores closing"])
def test_clean_up_that_breaks_is_not_the_engines_death(desk, kind):
    desk.start("a", kind)
    desk.worker.step()

    desk.worker.receive(CancelJob(job="a"))
    desk.start("b")
    desk.run()

    assert desk.ends("a") == [Cancelled()]
    assert desk.ends("b") == [Finished()]


def test_a_job_that_runs_is_not_started_twice(desk):
    desk.start("a")
    desk.worker.step()
    desk.start("a")

    desk.run()

    assert [type(event) for event in desk.of("a")] == [Stage, Stage, Stage, Finished]


def test_paused_jobs_wait_and_go_on(desk):
    desk.start("a")
    desk.worker.step()
    desk.worker.receive(PauseJobs())

    desk.worker.step()

    assert desk.worker.idle
    assert len(desk.of("a")) == 1

    desk.worker.receive(ResumeJobs())
    desk.run()

    assert desk.ends("a") == [Finished()]


def test_a_paused_job_can_be_cancelled(desk):
    desk.start("a")
    desk.worker.receive(PauseJobs())

    desk.worker.receive(CancelJob(job="a"))

    assert desk.ends("a") == [Cancelled()]


def test_shutting_down_closes_every_job_and_tells_nothing(desk):
    for job, kind in (("a", "steps"), ("b", "clean-up breaks"), ("c", "list")):
        desk.start(job, kind)
    for _ in range(3):
        desk.worker.step()
    told = len(desk.told)

    desk.worker.receive(ShutDown())

    assert desk.worker.stopped
    assert desk.worker.idle
    assert len(desk.told) == told


def test_what_jobs_keep_outlives_them(desk):
    desk.start("a", "visits")
    desk.run()
    desk.start("b", "visits")
    desk.run()

    assert desk.of("b")[0] == Stage(sentence="a b")


def test_memory_is_freed_at_once_where_no_job_runs(desk):
    desk.start("a", "shelf")
    desk.run()
    desk.worker.receive(FreeMemory())
    desk.start("b", "shelf")
    desk.run()

    assert desk.of("b")[0] == Stage(sentence="freed 1 times")


def test_a_running_job_keeps_its_memory_until_it_ends(desk):
    desk.start("a", "shelf")
    desk.worker.step()
    desk.worker.receive(FreeMemory())
    desk.run()
    desk.start("b", "shelf")
    desk.run()

    assert desk.of("a")[2] == Stage(sentence="freed 0 times")
    assert desk.of("b")[0] == Stage(sentence="freed 1 times")


Move = Callable[[Desk], None]
JOBS = "abc"
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.tuples(st.sampled_from(JOBS), st.sampled_from(sorted(KINDS))).map(
        lambda what: lambda desk: desk.start(*what)
    ),
    st.sampled_from(JOBS).map(lambda job: lambda desk: desk.worker.receive(CancelJob(job=job))),
    st.just(lambda desk: desk.worker.step()),
    st.just(lambda desk: desk.worker.receive(PauseJobs())),
    st.just(lambda desk: desk.worker.receive(ResumeJobs())),
)


@given(st.lists(MOVES, max_size=30))
def test_whatever_happens_each_start_has_at_most_one_end_and_nothing_follows_it(moves):
    desk = Desk()
    for move in moves:
        move(desk)
    desk.worker.receive(ResumeJobs())
    for job in JOBS:
        desk.worker.receive(CancelJob(job=job))

    for job in JOBS:
        events = desk.of(job)
        assert not events or isinstance(events[-1], TerminalEvent)
    assert desk.worker.idle
