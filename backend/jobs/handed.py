"""What the engine was told to do and has not ended: one job, and a training beside it.

The engine takes a step of the training only while nothing else is to be done, so whoever asks for a
picture meanwhile waits for one step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.schema.jobs import Job


@dataclass
class Handed:
    """The jobs of this life of the engine, the one that it works on last."""

    _asked_to_stop: dict[str, float | None] = field(default_factory=dict[str, float | None])
    """By job: when it was asked to stop; None where nobody did."""
    _patient: set[str] = field(default_factory=set[str])

    def __contains__(self, job_id: str) -> bool:
        """Whether the engine has a job."""
        return job_id in self._asked_to_stop

    def __bool__(self) -> bool:
        """Whether it has any."""
        return bool(self._asked_to_stop)

    @property
    def jobs(self) -> tuple[str, ...]:
        """All of them, the one that is worked on first."""
        return tuple(sorted(self._asked_to_stop, key=self._patient.__contains__))

    def next(self, order: Sequence[Job]) -> Job | None:
        """The job that can be handed over as well, from those that wait in their order."""
        busy = any(job not in self._patient for job in self._asked_to_stop)
        for job in order:
            if job.id not in self and not (self._patient if job.waits_for_others else busy):
                return job
        return None

    def add(self, job: Job) -> None:
        """Note that the engine has a job."""
        self._asked_to_stop[job.id] = None
        if job.waits_for_others:
            self._patient.add(job.id)

    def remove(self, job_id: str) -> None:
        """Note that it has ended."""
        self._asked_to_stop.pop(job_id, None)
        self._patient.discard(job_id)

    def stopping(self, job_id: str) -> float | None:
        """When a job was asked to stop; None where it was not, or is not there."""
        return self._asked_to_stop.get(job_id)

    def ask_to_stop(self, job_id: str, now: float) -> None:
        """Note that it was asked."""
        self._asked_to_stop[job_id] = now

    def disobeying(self, since: float) -> tuple[str, ...]:
        """The jobs that were asked to stop before some time."""
        asked = self._asked_to_stop.items()
        return tuple(job for job, when in asked if when is not None and when <= since)
