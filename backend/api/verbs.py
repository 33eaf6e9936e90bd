"""What the doors need of Studio; they know nothing else of it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, FeedItem, JobView, PictureView, Snapshot


class Subscription(Protocol):
    """One reader's place in the feed."""

    def next(self, timeout: float) -> FeedItem | None:
        """The next item; None when nothing came for `timeout` seconds."""
        ...


class Generation(Protocol):
    """Asking for pictures."""

    def submit(self, actor: Actor, request: GenerationRequest) -> JobView:
        """Queue a request."""
        ...


class Jobs(Protocol):
    """Work that waits, runs or ended."""

    def view(self, actor: Actor, job_id: str) -> JobView:
        """One job as it is now."""
        ...

    def request_of(self, actor: Actor, job_id: str) -> GenerationRequest:
        """The request that does the whole job again."""
        ...

    def cancel(self, actor: Actor, job_id: str) -> None:
        """End a job; what it made is kept."""
        ...

    def pause_queue(self, actor: Actor) -> None:
        """Begin nothing new."""
        ...

    def resume_queue(self, actor: Actor) -> None:
        """Go on."""
        ...

    def snapshot(self, actor: Actor) -> Snapshot:
        """All that the page shows."""
        ...

    def follow(self, actor: Actor) -> AbstractContextManager[Subscription]:
        """Listen to what changes; the first item is a snapshot."""
        ...


class Gallery(Protocol):
    """Pictures that were made."""

    def newest(
        self, actor: Actor, limit: int = 60, before: float | None = None
    ) -> tuple[PictureView, ...]:
        """Pictures, newest first."""
        ...

    def picture(self, actor: Actor, picture_id: str) -> PictureView:
        """One picture."""
        ...

    def file(self, actor: Actor, picture_id: str) -> Path:
        """Its file."""
        ...

    def thumbnail(self, actor: Actor, picture_id: str) -> Path:
        """The file of its small version."""
        ...

    def unsaved_bytes(self, actor: Actor, picture_id: str) -> bytes:
        """The PNG of a picture that the disk refused."""
        ...

    def request_of(self, actor: Actor, picture_id: str) -> GenerationRequest:
        """The request that makes it again."""
        ...

    def delete(self, actor: Actor, picture_id: str) -> None:
        """Remove it and its file."""
        ...


class Models(Protocol):
    """What can be chosen."""

    def checkpoints(self, actor: Actor) -> tuple[CheckpointInfo, ...]:
        """The checkpoints that are installed."""
        ...

    def catalogue(self) -> Catalogue:
        """Samplers, schedules and families."""
        ...


class Verbs(Protocol):
    """Studio, as far as the doors use it."""

    @property
    def generation(self) -> Generation:
        """Asking for pictures."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Work that waits, runs or ended."""
        ...

    @property
    def gallery(self) -> Gallery:
        """Pictures that were made."""
        ...

    @property
    def models(self) -> Models:
        """What can be chosen."""
        ...
