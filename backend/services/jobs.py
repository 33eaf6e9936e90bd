"""Work that waits, runs or ended."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from backend.jobs.board import Board
from backend.jobs.feed import Reader
from backend.jobs.host_jobs import HostJobs
from backend.jobs.queue import JobQueue
from backend.jobs.record import Record
from backend.schema.errors import NotFoundError, OutputError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, FeedItem, JobView, Role, Snapshot
from backend.services.owner import only_the_owner
from backend.services.shelf import Shelf

NEWEST_PICTURES = 60


class Jobs:
    """Looks at jobs and steers them."""

    def __init__(self, board: Board, queue: JobQueue, host_jobs: HostJobs, shelf: Shelf) -> None:
        self._board = board
        self._queue = queue
        self._host_jobs = host_jobs
        self._shelf = shelf

    def view(self, actor: Actor, job_id: str) -> JobView:
        """One job as it is now.

        Raises:
            NotFoundError: When there is none, or it is somebody else's.
        """
        return self._mine(actor, job_id).view()

    def request_of(self, actor: Actor, job_id: str) -> GenerationRequest:
        """The request that does the whole job again, with the same seed.

        Raises:
            NotFoundError: When there is none, or it is somebody else's.
            RequestError: When the job makes no pictures.
        """
        job = self._mine(actor, job_id).job
        if job.kind != "generate":
            raise RequestError("This job draws no pictures.", "Ask again where you began it.")
        wanted = job.generation
        return wanted.as_request().model_copy(update={"batch": wanted.batch})

    def cancel(self, actor: Actor, job_id: str) -> None:
        """End a job; what it made is kept. One that does not stop is ended with the engine.

        A file that is not whole yet is no such thing: what a download has of it is removed, also
        after it failed.

        Raises:
            NotFoundError: When there is none, or it is somebody else's.
        """
        if self._mine(actor, job_id).job.on_host:
            self._host_jobs.cancel(job_id)
        else:
            self._queue.cancel(job_id)

    def skip(self, actor: Actor, job_id: str) -> None:
        """Let go of the pictures of a job that are being made, and go on with the next.

        Raises:
            NotFoundError: When there is no such job, or it is somebody else's.
            RequestError: When no picture of it is being made now.
        """
        self._mine(actor, job_id)
        self._queue.skip(job_id)

    def pause_queue(self, actor: Actor) -> None:
        """Begin nothing new, and stop where the running job is.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "pause the queue", "Cancel your own jobs.")
        self._queue.pause()

    def resume_queue(self, actor: Actor) -> None:
        """Go on; pictures that the disk refused are written first.

        Raises:
            NotAllowedError: When a guest asks.
            OutputError: When the disk still refuses them; the queue stays paused.
        """
        only_the_owner(actor, "resume the queue", "Cancel your own jobs.")
        try:
            self.save_what_is_held()
        except OutputError as error:
            self._queue.pause(str(error))
            raise
        self._queue.resume()

    def free_memory(self, actor: Actor) -> None:
        """Have the engine let go of the models it keeps for the next job, once none is running.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "free the memory")
        self._queue.free_memory()

    def save_what_is_held(self) -> None:
        """Write the pictures that are in memory only.

        Raises:
            OutputError: When the disk still refuses one.
        """
        for picture in self._shelf.unsaved():
            saved = self._shelf.save(picture.id)
            if saved is not None:
                self._board.picture_saved(saved)

    def snapshot(self, actor: Actor) -> Snapshot:
        """All that the page shows."""
        with self._board.lock:
            owner = None if actor.role is Role.OWNER else actor.id
            return Snapshot(
                system=self._queue.system,
                jobs=self._board.views(actor),
                pictures=self._shelf.newest(owner, NEWEST_PICTURES),
            )

    def follow(self, actor: Actor) -> AbstractContextManager[Reader]:
        """Listen to what changes; the first item is a snapshot."""
        return self._board.feed.follow(actor, self._attach)

    def _attach(self, actor: Actor) -> Sequence[FeedItem]:
        return (self.snapshot(actor), *self._board.previews(actor))

    def _mine(self, actor: Actor, job_id: str) -> Record:
        record = self._board.get(job_id)
        if not actor.may_see(record.job.owner):
            raise NotFoundError("There is no such job.", "Look at the list of jobs.")
        return record
