"""What has to be known before a job can go to the engine, found out on the host lane."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from backend.jobs.board import Board
from backend.jobs.ports import Host, Lane
from backend.schema.errors import EaselError
from backend.schema.events import Failed
from backend.schema.jobs import PictureView

READING = "Reading the checkpoint"
"""What a job shows while its fingerprint is worked out: seconds for a large file, once."""

OnPrepared = Callable[[str, Failed | None], None]
"""Called under the board's lock with a job that is ready, or that cannot be done."""


class Preparation:
    """Brings jobs to where the engine can take them.

    A job that was in an engine before may have left pictures of which nobody heard: files come
    first, so that nothing is made twice.
    """

    def __init__(self, board: Board, lane: Lane, host: Host, on_prepared: OnPrepared) -> None:
        self._board = board
        self._lane = lane
        self._host = host
        self._on_prepared = on_prepared
        self._prepared: set[str] = set()

    def ask(self, job_id: str) -> None:
        """Prepare a job soon, anew if it was prepared before."""
        self.forget(job_id)
        self._lane.put(partial(self._prepare, job_id))

    def has(self, job_id: str) -> bool:
        """Whether the engine can take the job."""
        return job_id in self._prepared

    def forget(self, job_id: str) -> None:
        """Note that the job was changed or ended."""
        self._prepared.discard(job_id)

    def _prepare(self, job_id: str) -> None:
        with self._board.lock:
            record = self._board.get(job_id)
            job, request, stage = record.job, record.job.request, record.stage
            reads = job.works_with_a_checkpoint and not job.state.ended
            if reads:
                self._board.change(replace(record, stage=READING))
        found: tuple[PictureView, ...] = ()
        failure = None
        try:
            if job.started is not None and job.makes_pictures:
                found = self._host.pictures_on_disk(job)
            if reads:
                request = self._host.prepared(job.kind, request)
        except EaselError as error:
            failure = Failed(code=error.code, sentence=error.sentence, hint=error.hint)
        with self._board.lock:
            self._adopt(job_id, found)
            record = self._board.get(job_id)
            if record.job.state.ended:
                return
            if failure is None:
                self._board.change(replace(record.with_job(request=request), stage=stage))
                self._prepared.add(job_id)
            self._on_prepared(job_id, failure)

    def _adopt(self, job_id: str, found: Iterable[PictureView]) -> None:
        """Show the pictures that the job left without a word."""
        known = self._board.get(job_id)
        for picture in found:
            if picture.index not in known.made:
                self._board.add_picture(picture)
