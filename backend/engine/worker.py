"""The engine's loop: receive, advance, emit."""

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

from backend.channel.messages import (
    CancelJob,
    FreeMemory,
    FromEngine,
    JobEvent,
    PauseJobs,
    ResumeJobs,
    ShutDown,
    SkipBatch,
    StartJob,
    ToEngine,
)
from backend.engine.advance import advance, close
from backend.engine.context import Context, HoldsMemory, JobFunction
from backend.engine.failures import failure_of
from backend.places import Places
from backend.schema.errors import NotFoundError
from backend.schema.events import Cancelled, Event, Finished, TerminalEvent
from backend.schema.jobs import PATIENT_KINDS

LOG = logging.getLogger(__name__)


@dataclass
class _Active:
    """A job that began and has not ended."""

    id: str
    events: Iterator[Event]
    context: Context
    patient: bool = False
    """Whether it goes on only while nothing else is to be done."""


class Worker:
    """Runs jobs side by side by advancing them in turn, one event at a time.

    It knows no process and no thread: whoever drives it calls `receive` for each message and `step`
    while there is something to do. Every job that it accepts ends in exactly one terminal event,
    unless the process dies or shuts down; then whoever started the job knows that it did not end.
    """

    def __init__(
        self,
        kinds: Mapping[str, JobFunction],
        places: Places,
        send: Callable[[FromEngine], None],
    ) -> None:
        self._kinds = kinds
        self._places = places
        self._send = send
        self._active: dict[str, _Active] = {}
        self._kept: dict[str, object] = {}
        self._paused = False
        self._stopped = False
        self._free_soon = False

    @property
    def stopped(self) -> bool:
        """Whether the worker was told to shut down."""
        return self._stopped

    @property
    def idle(self) -> bool:
        """Whether there is nothing to advance until a message comes."""
        return self._paused or not self._active

    def receive(self, message: ToEngine) -> None:
        """Obey one message."""
        match message:
            case StartJob():
                self._start(message)
            case CancelJob(job=job):
                if job in self._active:
                    self._end(job, Cancelled())
            case SkipBatch(job=job, batch=batch):
                if job in self._active:
                    self._active[job].context.skipped.add(batch)
            case PauseJobs():
                self._paused = True
            case ResumeJobs():
                self._paused = False
            case FreeMemory():
                self._free_soon = True
                self._free_when_idle()
            case ShutDown():
                self._shut_down()

    def step(self) -> None:
        """Advance the job whose turn it is by one event; nothing happens while idle."""
        if self.idle:
            return
        job = self._next()
        active = self._active[job] = self._active.pop(job)  # to the end of the line
        try:
            event = advance(active.events)
        except Exception as error:  # noqa: BLE001  the worker loop: a job's failure is not ours
            self._end(job, failure_of(error))
            return
        if event is None:
            self._end(job, Finished())
        elif isinstance(event, TerminalEvent):
            self._end(job, event)
        else:
            self._send(JobEvent(job=job, event=event))

    def _next(self) -> str:
        """The job whose turn it is: those that wait for others come only where there are none."""
        impatient = (job for job, active in self._active.items() if not active.patient)
        return next(impatient, next(iter(self._active)))

    def _start(self, message: StartJob) -> None:
        if message.job in self._active:
            return
        context = Context(
            job=message.job,
            places=self._places,
            created=message.created,
            finished_indices=frozenset(message.finished_indices),
            kept=self._kept,
        )
        try:
            events = self._function(message.kind)(message.request, context)
        except Exception as error:  # noqa: BLE001  the worker loop, as above
            self._send(JobEvent(job=message.job, event=failure_of(error)))
            return
        patient = message.kind in PATIENT_KINDS
        self._active[message.job] = _Active(message.job, events, context, patient=patient)

    def _function(self, kind: str) -> JobFunction:
        if kind not in self._kinds:
            raise NotFoundError(f"This engine does no work of the kind “{kind}”.")
        return self._kinds[kind]

    def _end(self, job: str, event: TerminalEvent) -> None:
        _close(self._active.pop(job))
        self._send(JobEvent(job=job, event=event))
        self._free_when_idle()

    def _free_when_idle(self) -> None:
        """Do what `FreeMemory` asked for; a running job would only load everything again."""
        if not self._free_soon or self._active:
            return
        self._free_soon = False
        for kept in self._kept.values():
            if isinstance(kept, HoldsMemory):
                kept.free_memory()

    def _shut_down(self) -> None:
        self._stopped = True
        while self._active:
            _close(self._active.popitem()[1])


def _close(active: _Active) -> None:
    """End a job's generator; what its clean-up raises must not become the engine's death."""
    if not isinstance(active.events, Generator):
        return
    try:
        close(active.events)
    except Exception:  # the worker loop, as above
        LOG.exception("job.close_failed job=%s", active.id)
