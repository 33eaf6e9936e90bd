"""The queue: one job at a time in the engine, and a training beside it, whatever happens."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from backend.channel.messages import (
    CancelJob,
    FreeMemory,
    PauseJobs,
    ResumeJobs,
    SkipBatch,
    StartJob,
)
from backend.channel.supervisor import EngineDeath, EngineListener
from backend.jobs.arrivals import held_png, picture_of
from backend.jobs.board import Board
from backend.jobs.deaths import (
    FATAL_DEATHS,
    blames_job,
    give_up_reason,
    set_aside_event,
    warning_of,
)
from backend.jobs.handed import Handed
from backend.jobs.ports import Engine, Host, Lane
from backend.jobs.preparing import Preparation
from backend.jobs.record import Record
from backend.jobs.system import Condition, system_view
from backend.jobs.turns import in_turn
from backend.schema.errors import EngineLostError, RequestError
from backend.schema.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    ImageReady,
    ImageUnsaved,
    Preview,
    SetAside,
    Stage,
    TerminalEvent,
    Warned,
)
from backend.schema.jobs import Job, JobState, SystemChanged, SystemView

LOG = logging.getLogger(__name__)

DOUBLE_CLICK_SECONDS = 1.0
"""A second cancel within this time is the same click."""
OBEY_SECONDS = 10.0
"""How long a cancelled job may take to its next yield before the engine is killed."""
RETRY_SECONDS = 1.0
WAITING = "Waiting for the engine"
HANDED_OVER = "The engine is getting ready"
"""Until the job tells something itself; the first one waits for the engine's model classes."""
SKIPPING = "Going on with the next picture"
PAUSED_BY_HAND = "The queue was paused by hand."


class JobQueue:
    """Hands the engine one job after the other; an `EngineListener`.

    Everything happens under the board's lock. Nothing here waits: slow work goes to the lane, and
    the engine is only told things.
    """

    def __init__(
        self,
        board: Board,
        lane: Lane,
        host: Host,
        engine_for: Callable[[EngineListener], Engine],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._preparation = Preparation(board, lane, host, self._on_prepared)
        self._now = now
        self._turns: dict[str, int] = {}
        self._handed = Handed()
        self._condition = Condition(notice=board.notice)
        self._engine_paused = False
        self._shown = SystemView(engine="stopped")
        self._retry_at = 0.0
        self._closing = False
        with board.lock:  # the engine may call back from its own thread at once
            self._engine = engine_for(self)

    @property
    def system(self) -> SystemView:
        """The state of the whole program."""
        with self._board.lock:
            return self._system()

    def start_engine(self) -> None:
        """Have an engine before there is work for it."""
        self._engine.start()

    def recover(self) -> None:
        """Take up what an earlier life of the program left."""
        with self._board.lock:
            for record in self._board.waiting():
                if record.job.state is JobState.RUNNING:
                    self._board.change(replace(record, stage=WAITING))
                self._preparation.ask(record.job.id)
            self._arrange()

    def submit(self, job: Job) -> Record:
        """Queue a job; returns at once.

        Raises:
            EngineLostError: When the program is ending.
        """
        with self._board.lock:
            if self._closing:
                raise EngineLostError("Easel is ending.", "Start it again, then ask again.")
            self._board.add(job)
            self._preparation.ask(job.id)
            self._arrange()
            return self._board.get(job.id)

    def cancel(self, job_id: str) -> None:
        """End a job: at its next yield, or at once where it was asked before and did not obey."""
        with self._board.lock:
            record = self._board.get(job_id)
            if record.job.state.ended:
                return
            asked = self._handed.stopping(job_id)
            if job_id not in self._handed:
                self._end(job_id, Cancelled())
            elif asked is None:
                self._handed.ask_to_stop(job_id, self._now())
                self._engine.send(CancelJob(job=job_id))
                self._board.change(replace(record, stage="Stopping"))
            elif self._now() - asked >= DOUBLE_CLICK_SECONDS:
                self._engine.kill()

    def skip(self, job_id: str) -> None:
        """Let go of the pictures of a job that are being made, and go on with the next.

        Raises:
            RequestError: When the engine makes no picture of it now.
        """
        with self._board.lock:
            record = self._board.get(job_id)
            stopping = self._handed.stopping(job_id) is not None
            if job_id not in self._handed or stopping or record.batch is None:
                raise RequestError(
                    "No picture of this job is being made now.", "Cancel the job instead."
                )
            self._engine.send(SkipBatch(job=job_id, batch=record.batch))
            self._board.change(replace(record, stage=SKIPPING, progress=None))

    def pause(self, reason: str = PAUSED_BY_HAND) -> None:
        """Begin nothing new and stop advancing what runs."""
        with self._board.lock:
            if not self._condition.paused or reason != PAUSED_BY_HAND:
                self._condition.reason = reason
            if not self._condition.paused:
                self._condition.paused = True
                if any(not self._board.get(job).complete for job in self._handed.jobs):
                    self._engine_paused = True
                    self._engine.send(PauseJobs())
            self._show_system()

    def resume(self) -> None:
        """Go on."""
        with self._board.lock:
            self._condition.paused = False
            self._condition.reason = ""
            self._condition.forget_what_happened()
            if self._engine_paused:
                self._engine_paused = False
                self._engine.send(ResumeJobs())
            self._arrange()

    def free_memory(self) -> None:
        """Have the engine let go of the models that it keeps, once no job runs."""
        self._engine.send(FreeMemory())

    def close(self) -> None:
        """End the engine in order; what waits or runs stays so in the journal."""
        with self._board.lock:
            self._closing = True
        self._engine.close()

    def engine_changed(self) -> None:
        """Go on where the engine became ready, and show its state."""
        with self._board.lock:
            if not self._closing:
                self._arrange()

    def engine_told(self, job: str, event: Event) -> None:
        """Note what the running job told."""
        with self._board.lock:
            if self._closing or job not in self._handed:
                return
            match event:
                case ImageReady():
                    self._board.add_picture(picture_of(self._board.get(job), event))
                case ImageUnsaved():
                    picture = picture_of(self._board.get(job), event)
                    self._board.add_picture(picture, held_png(event))
                    self.pause(event.sentence)
                case Preview():
                    self._board.preview(job, event)
                case Finished() | Failed() | Cancelled() | SetAside():
                    self._handed.remove(job)
                    self._end(job, event)
                case Stage() if self._handed.stopping(job) is not None:
                    pass  # it shows that it is stopping
                case _:
                    self._board.tell(job, event)

    def engine_died(self, death: EngineDeath) -> None:
        """Put the running job back, or end it where it is the cause."""
        with self._board.lock:
            if self._closing:
                return
            LOG.warning("engine.died exit=%s sentence=%s", death.exit_code, death.sentence)
            self._condition.death = death
            self._engine_paused = False
            lost, self._handed = self._handed, Handed()
            for place, job in enumerate(lost.jobs):
                stopping = lost.stopping(job) is not None
                self._lost(self._board.get(job), death, stopping=stopping, at_work=place == 0)
            if self._engine.gave_up is not None:
                self.pause(give_up_reason(death))
            self._show_system()

    def tick(self) -> None:
        """Look after what takes too long, and after what the disk refused."""
        with self._board.lock:
            now = self._now()
            late = self._handed.disobeying(now - OBEY_SECONDS)
            if late and not self._closing:
                for job in late:
                    self._handed.ask_to_stop(job, now)
                self._engine.kill()
            if self._board.trouble and now >= self._retry_at:
                self._retry_at = now + RETRY_SECONDS
                self._board.retry()
                self._show_system()

    def _lost(self, record: Record, death: EngineDeath, *, stopping: bool, at_work: bool) -> None:
        """What becomes of a job that was in the engine when it died.

        Whatever it is, pictures that were saved but not told any more are looked for.

        Args:
            record: The job.
            death: What happened.
            stopping: Whether it was asked to stop.
            at_work: Whether it was worked on, and may be the cause.
        """
        job_id = record.job.id
        if stopping:
            self._end(job_id, Cancelled())
        else:
            deaths = record.job.engine_deaths + (at_work and blames_job(death))
            self._board.change(
                replace(
                    record.with_job(engine_deaths=deaths),
                    stage=WAITING,
                    progress=None,
                )
            )
            if deaths >= FATAL_DEATHS:
                self._end(job_id, set_aside_event(death, deaths))
            else:
                self._board.forget_previews(job_id)
                self._board.tell(job_id, Warned(sentence=warning_of(death)))
        self._preparation.ask(job_id)

    def _end(self, job_id: str, event: TerminalEvent) -> None:
        self._preparation.forget(job_id)
        self._board.end(job_id, event)
        self._arrange()

    def _on_prepared(self, job_id: str, failure: Failed | None) -> None:
        if failure is not None:
            self._end(job_id, failure)
        else:
            self._arrange()

    def _arrange(self) -> None:
        """Give the engine its next job where it can take one, and show how things are."""
        if self._closing:
            return
        order = in_turn((record.job for record in self._board.waiting()), self._turns)
        following = self._handed.next(order)
        if following and not self._condition.paused:
            if self._engine.state == "stopped":
                self._engine.start()
            if self._engine.state == "ready" and self._preparation.has(following.id):
                self._begin(self._board.get(following.id))
                return
        self._board.place(order)
        self._show_system()

    def _begin(self, record: Record) -> None:
        job = record.job
        if record.complete:  # its last picture was saved before it could say that it is done
            self._end(job.id, Finished())
            return
        if job.state is JobState.QUEUED:  # not the one that was there when something happened
            self._condition.forget_what_happened()
        self._turns[job.owner] = max(self._turns.values(), default=0) + 1
        self._handed.add(job)
        running = record.with_job(state=JobState.RUNNING, started=job.started or time.time())
        self._board.change(replace(running, stage=HANDED_OVER, position=None))
        self._engine.send(
            StartJob(
                job=job.id,
                kind=job.kind,
                request=job.request,
                finished_indices=tuple(sorted(record.settled)),
                created=job.created,
            )
        )
        self._arrange()

    def _system(self) -> SystemView:
        return system_view(
            self._engine,
            self._condition,
            busy=bool(self._handed),
            queued=sum(one.job.state is JobState.QUEUED for one in self._board.waiting()),
            trouble=self._board.trouble,
        )

    def _show_system(self) -> None:
        """Tell everybody the state of the program where it is another than the last one told."""
        system = self._system()
        if system != self._shown:
            self._shown = system
            self._board.feed.publish(SystemChanged(system=system))
