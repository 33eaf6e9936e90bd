"""Jobs that the page's own process does, several at once, whatever the engine and its queue do."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

from backend.jobs.board import Board
from backend.jobs.ports import HostJob
from backend.jobs.record import Record
from backend.jobs.speed import Speedometer
from backend.schema.errors import EaselError, EngineLostError, RequestError
from backend.schema.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Stage,
    TerminalEvent,
    Warned,
)
from backend.schema.jobs import Job, JobState

LOG = logging.getLogger(__name__)

AT_ONCE = 2
"""Jobs of one kind that are done at the same time."""
_CLOSE_SECONDS = 2.0


@dataclass(eq=False)
class _Run:
    """A job that a thread works at."""

    job: Job
    stopped: bool = False
    """Whether it is to end at its next yield; what it tells from now on is not heard."""
    unwanted: bool = False
    """Whether what it leaves is to be removed."""
    speedometer: Speedometer = field(default_factory=Speedometer)
    thread: threading.Thread | None = None


class HostJobs:
    """Runs jobs by their kind. Everything happens under the board's lock; nothing there waits.

    A pause is written into the job's request, so that it outlives the program. What was running
    when the program ended goes on with the next one.
    """

    def __init__(
        self,
        board: Board,
        kinds: Mapping[str, HostJob],
        at_once: int = AT_ONCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._kinds = kinds
        self._at_once = at_once
        self._now = now
        self._runs: dict[str, _Run] = {}
        self._closing = False

    def recover(self) -> None:
        """Take up what an earlier life of the program left."""
        with self._board.lock:
            self._arrange()

    def submit(self, job: Job) -> Record:
        """Put a job up; returns at once.

        Raises:
            EngineLostError: When the program is ending.
        """
        with self._board.lock:
            if self._closing:
                raise EngineLostError("Easel is ending.", "Start it again, then ask again.")
            self._board.add(job)
            self._arrange()
            return self._board.get(job.id)

    def cancel(self, job_id: str) -> None:
        """End a job, and remove what it would have gone on with; what a failed one left, too."""
        with self._board.lock:
            record = self._board.get(job_id)
            if record.job.state.ended and record.job.state is not JobState.FAILED:
                return
            if not record.job.state.ended:
                self._board.end(job_id, Cancelled())
            run = self._runs.get(job_id)
            if run is None:
                self._work(_Run(record.job, stopped=True, unwanted=True))
            else:
                run.stopped = run.unwanted = True
            self._arrange()

    def pause(self, job_id: str) -> Record:
        """Let a job stop where it is until somebody resumes it.

        Raises:
            RequestError: When it has ended.
        """
        with self._changing(job_id) as record:
            self._mark(record, JobState.QUEUED, paused=True)
            if job_id in self._runs:
                self._runs[job_id].stopped = True
        return self._board.get(job_id)

    def resume(self, job_id: str) -> Record:
        """Let a job go on.

        Raises:
            RequestError: When it has ended.
        """
        with self._changing(job_id) as record:
            if record.job.paused:
                self._mark(record, JobState.QUEUED, paused=False)
        return self._board.get(job_id)

    def close(self) -> None:
        """Stop where everything is; what was not paused goes on with the next program."""
        with self._board.lock:
            self._closing = True
            runs = list(self._runs.values())
            for run in runs:
                run.stopped = True
        for run in runs:
            if run.thread:
                run.thread.join(_CLOSE_SECONDS)

    @contextmanager
    def _changing(self, job_id: str) -> Generator[Record]:
        with self._board.lock:
            record = self._board.get(job_id)
            if record.job.state.ended:
                raise RequestError("This has ended already.", "Ask for it again.")
            yield record
            self._arrange()

    def _mark(self, record: Record, state: JobState, *, paused: bool) -> None:
        request = record.job.request | {"paused": paused}
        changed = record.with_job(state=state, request=request)
        self._board.change(replace(changed, speed=None, position=None))

    def _arrange(self) -> None:
        """Begin what there is room for, and tell the others their places."""
        if self._closing:
            return
        ready = [one for one in self._board.waiting(on_host=True) if not one.job.paused]
        waiting: list[Job] = []
        for record in ready:
            job = record.job
            busy = sum(run.job.kind == job.kind for run in self._runs.values())
            if job.id in self._runs and not self._runs[job.id].stopped:
                continue
            if job.id in self._runs or busy >= self._at_once:
                waiting.append(self._queued(record))
            else:
                self._begin(record)
        self._board.place(waiting)

    def _queued(self, record: Record) -> Job:
        """A job that ran in an earlier life of the program, or before a pause, waits again."""
        queued = record.with_job(state=JobState.QUEUED)
        self._board.change(queued)
        return queued.job

    def _begin(self, record: Record) -> None:
        running = record.with_job(state=JobState.RUNNING, started=record.job.started or time.time())
        self._board.change(replace(running, position=None))
        self._work(_Run(running.job))

    def _work(self, run: _Run) -> None:
        self._runs[run.job.id] = run
        name = f"{run.job.kind} {run.job.id}"
        run.thread = threading.Thread(target=self._do, args=(run,), name=name, daemon=True)
        run.thread.start()

    def _do(self, run: _Run) -> None:
        """A job's whole life in its thread."""
        kind = self._kinds[run.job.kind]
        end = None if run.stopped else self._advance(kind, run)
        unwanted = run.unwanted
        if unwanted:
            try:
                kind.discard(run.job)
            except OSError as error:
                LOG.warning("host_job.undiscarded job=%s error=%s", run.job.id, error)
        with self._board.lock:
            self._runs.pop(run.job.id, None)
            if run.unwanted and not unwanted:  # it was cancelled just now
                self._work(_Run(run.job, stopped=True, unwanted=True))
            if not self._closing:
                if end is not None:
                    self._board.end(run.job.id, end)
                self._arrange()

    def _advance(self, kind: HostJob, run: _Run) -> TerminalEvent | None:
        """Run a job to its end, or to where somebody stops it, which is None."""
        try:
            with closing(cast("Generator[Event]", kind.run(run.job))) as events:
                return self._heard(events, run)
        except EaselError as error:
            failure = Failed(code=error.code, sentence=error.sentence, hint=error.hint)
        except Exception as error:  # a job's fault must not end the lane
            LOG.exception("host_job.broke job=%s", run.job.id)
            failure = Failed(
                code="error",
                sentence=f"Something went wrong that Easel did not expect: {error}",
                hint="Try it again; the log in the data folder tells more.",
            )
        return None if run.stopped else failure

    def _heard(self, events: Iterator[Event], run: _Run) -> TerminalEvent | None:
        for event in events:
            with self._board.lock:
                if run.stopped:
                    return None
                if isinstance(event, TerminalEvent):
                    return event
                self._tell(run, event)
        return None if run.stopped else Finished()

    def _tell(self, run: _Run, event: Event) -> None:
        if isinstance(event, Warned):
            self._board.tell(run.job.id, event)
            return
        record = self._board.get(run.job.id).after(event)
        if isinstance(event, Stage):
            done = event.done_bytes
            speed = None if done is None else run.speedometer.speed(self._now(), done)
            record = replace(record, speed=speed)
        self._board.change(record)
