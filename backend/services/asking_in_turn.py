"""Jobs that ask a hub many questions, one after the other; one job of each kind at a time."""

import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.schema.errors import HubBusyError, HubError, HubUnreachableError, ModelError
from backend.schema.events import Event, Progress, Stage
from backend.schema.identifying import AskedModels
from backend.schema.jobs import Actor, Job, JobState, JobView

LOG = logging.getLogger(__name__)

_WAITS = (2.0, 10.0)
"""Seconds before a question is asked again, and once more."""
_LONGEST_BUSY = 300.0
_TICK = 0.2
_MOST_FAILURES = 3
"""Answers in a row that make no sense; a network's log-in page is probably in between."""

T = TypeVar("T")
Wait = Callable[[float], None]


@dataclass(frozen=True)
class Question(Generic[T]):
    """Something to ask a hub."""

    name: str
    """What people call what it is about."""
    ask: Callable[[], T]
    """Asks; a hub's refusal is a `HubError`, a file that cannot be read a `ModelError`."""
    hear: Callable[[T], Iterator[Event]]
    """Keeps the answer."""


def submit_alone(
    board: Board, host_jobs: HostJobs, actor: Actor, kind: str, models: Sequence[str]
) -> JobView:
    """Begin a job of a kind of which there is one at a time; one under way is given in its place.

    Raises:
        EngineLostError: When the program is ending.
    """
    with board.lock:
        for record in board.waiting(on_host=True):
            if record.job.kind == kind:
                return record.view()
        job = Job(
            id=secrets.token_hex(6),
            kind=kind,
            owner=actor.id,
            state=JobState.QUEUED,
            request=AskedModels(models=tuple(models)).model_dump(mode="json"),
            created=time.time(),
        )
        return host_jobs.submit(job).view()


def ask_in_turn(
    questions: Sequence[Question[T]], done: int = 0, wait: Wait = time.sleep
) -> Iterator[Event]:
    """Ask all of them, and keep each answer before the next one is asked for.

    Args:
        questions: What is left to ask.
        done: How many were asked before, in an earlier life of the program.
        wait: How to wait.

    Raises:
        HubError: When the hub stays away; all answers until then are kept.
    """
    total, failures = done + len(questions), 0
    for number, question in enumerate(questions, done + 1):
        yield Stage(sentence=f"{number} of {total}: {question.name}")
        yield Progress(step=number - 1, steps=total, batch=1, batches=1)
        try:
            answer = yield from _patiently(question.ask, wait)
        except (HubError, ModelError) as error:
            LOG.info("asking.unanswered name=%s code=%s", question.name, error.code)
            failures += isinstance(error, HubError)
            away = isinstance(error, HubBusyError | HubUnreachableError)
            if away or failures >= _MOST_FAILURES:
                raise _stopped(error, number - 1, total) from error
        else:
            failures = 0
            yield from question.hear(answer)


def _patiently(ask: Callable[[], T], wait: Wait) -> Generator[Event, None, T]:
    """Ask, and ask again after a while where the hub is busy or away."""
    for pause in _WAITS:
        try:
            return ask()
        except (HubBusyError, HubUnreachableError) as error:
            told = error.seconds if isinstance(error, HubBusyError) else 0.0
            if told > _LONGEST_BUSY:
                raise
            yield from _waited(error.sentence, max(told, pause), wait)
    return ask()


def _waited(why: str, seconds: float, wait: Wait) -> Iterator[Event]:
    """Wait in small steps, so that it can be cancelled."""
    left = seconds
    while left > 0:
        yield Stage(sentence=f"{why} Asking again in {left:.0f} s")
        wait(min(_TICK, left))
        left -= _TICK


def _stopped(error: HubError | ModelError, done: int, total: int) -> HubError | ModelError:
    before = f"{done} of {total} were asked for before, and what was told is kept."
    return replace(
        error,
        sentence=f"{error.sentence} {before}",
        hint=f"{error.hint} Then begin again: it goes on with the rest.".strip(),
    )
