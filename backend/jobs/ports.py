"""What the queue needs of others, so that it knows no gallery, no library and no process."""

from collections.abc import Iterator
from typing import Protocol

from backend.channel.messages import ToEngine
from backend.channel.supervisor import EngineDeath, State
from backend.schema.events import Event
from backend.schema.jobs import DeviceView, Job, PictureView


class Engine(Protocol):
    """The engine's life; `backend.channel.supervisor.Supervisor` has it."""

    @property
    def state(self) -> State:
        """Where the engine is in its life."""
        ...

    @property
    def device(self) -> DeviceView | None:
        """What the engine computes with."""
        ...

    @property
    def gave_up(self) -> EngineDeath | None:
        """The last death, when nobody tries any more."""
        ...

    def start(self) -> None:
        """Have an engine, soon."""
        ...

    def send(self, message: ToEngine) -> None:
        """Hand it a message."""
        ...

    def kill(self) -> None:
        """End it at once; it is started again."""
        ...

    def close(self) -> None:
        """End it in order, and wait."""
        ...


class PictureKeeper(Protocol):
    """Where finished pictures go."""

    @property
    def trouble(self) -> str:
        """Why the index cannot be written, as a sentence; empty while all is well."""
        ...

    def add(self, picture: PictureView) -> None:
        """Put a picture that is on disk into the index, in place of what its id stood for."""
        ...

    def keep(self, picture: PictureView, png: bytes) -> None:
        """Hold a picture in memory because the disk refused it."""
        ...

    def unsaved(self) -> tuple[PictureView, ...]:
        """The pictures that are in memory only."""
        ...

    def save(self, picture_id: str) -> PictureView | None:
        """Write a held picture to the disk; None where it is not held any more.

        Raises:
            OutputError: When the disk still refuses it.
        """
        ...

    def has_loose_ends(self, job: str) -> bool:
        """Whether a picture of the job, or its row in the index, is in memory only."""
        ...

    def retry(self) -> None:
        """Try again to write the rows that the index could not take."""
        ...


class Host(Protocol):
    """What the page's own process finds out for a job; may take its time."""

    def prepared(self, kind: str, request: dict[str, object]) -> dict[str, object]:
        """The request of a kind with its models' fingerprints, and what decides about memory.

        Raises:
            EaselError: When the job cannot be done; this is the job's failure.
        """
        ...

    def pictures_on_disk(self, job: Job) -> tuple[PictureView, ...]:
        """The whole pictures of a job that are there, known or not.

        Raises:
            OutputError: When the folder cannot be read.
        """
        ...


class HostJob(Protocol):
    """How jobs of one kind are done by the page's own process, such as downloads."""

    def run(self, job: Job) -> Iterator[Event]:
        """Do a job, or go on with it: told as a job in the engine tells.

        It is closed where it yields when somebody pauses or cancels it, so it yields often. The
        last event is terminal; without one it has finished.

        Raises:
            EaselError: When it cannot be done; this is the job's failure.
        """
        ...

    def discard(self, job: Job) -> None:
        """Remove what an unfinished job leaves when a person does not want it any more."""
        ...


class Lane(Protocol):
    """Runs slow work that needs no engine, one piece after the other."""

    def put(self, work: "Work") -> None:
        """Do `work` soon."""
        ...


class Work(Protocol):
    """A piece of work."""

    def __call__(self) -> None:
        """Do it."""
        ...
