"""Waiting for pictures that become previews, over restarts as well."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from backend.jobs.board import Board
from backend.memory.kept import KeptInFile
from backend.schema.errors import EaselError, NotFoundError
from backend.schema.events import Warned
from backend.schema.jobs import OWNER, JobView, PictureView

LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_CLOSE_SECONDS = 2.0

Put = Callable[[str, PictureView], None]
"""Makes a picture the preview of the model of an id."""


class _Expected(KeptInFile):
    """What the file holds."""

    jobs: dict[str, str] = Field(default_factory=dict[str, str])
    """The model that each job draws a preview of, by their ids."""


class PreviewWatch:
    """Has the picture of each job that it expects put beside its model.

    It follows the board instead of the engine, since a picture that was drawn just before the
    program died is found on the disk, and the engine tells nothing of it. Its thread lives while
    something is expected.
    """

    def __init__(self, board: Board, path: Path, put: Put) -> None:
        """Remember what is expected in the file at `path`."""
        self._board = board
        self._path = path
        self._put = put
        self._lock = threading.Lock()
        self._jobs = _Expected.read(path).jobs
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def expect(self, job_id: str, model_id: str) -> None:
        """Make the first picture of a job the preview of a model."""
        with self._lock:
            self._keep(self._jobs | {job_id: model_id})
        self.resume()

    def resume(self) -> None:
        """Go on with what an earlier life of the program expected."""
        with self._lock:
            if self._jobs and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="previews", daemon=True)
                self._thread.start()

    def job_for(self, model_id: str) -> JobView | None:
        """The job that draws a model's preview now; None where there is none."""
        jobs = [job for job, model in self._jobs.items() if model == model_id]
        views = (record.view() for record in self._board.waiting() if record.job.id in jobs)
        return next(views, None)

    def close(self) -> None:
        """Stop; what is expected is remembered."""
        self._stop.set()
        thread = self._thread
        if thread:
            thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        with self._board.feed.follow(OWNER, lambda _: ()) as reader:
            while not self._stop.is_set():
                settled = {job for job, model in self._jobs.items() if self._settled(job, model)}
                with self._lock:
                    if settled:
                        left = {j: model for j, model in self._jobs.items() if j not in settled}
                        self._keep(left)
                    if not self._jobs:
                        self._thread = None
                        return
                reader.next(_LOOK_SECONDS)

    def _settled(self, job_id: str, model_id: str) -> bool:
        """Put a job's picture beside its model; whether there is nothing to wait for any more."""
        try:
            record = self._board.get(job_id)
        except NotFoundError:
            return True
        picture = next(iter(record.pictures), None)
        if picture is None:
            return record.job.state.ended
        if not picture.saved:
            return False
        try:
            self._put(model_id, picture)
        except EaselError as error:
            LOG.warning("preview.refused model=%s error=%s", model_id, error)
            with suppress(KeyError):  # a job of long ago is out of sight
                self._board.tell(job_id, Warned(sentence=f"It became no preview: {error}"))
        return True

    def _keep(self, jobs: dict[str, str]) -> None:
        self._jobs = jobs
        try:
            _Expected(jobs=jobs).write(self._path)
        except OSError as error:  # it is still known while the program lives
            LOG.warning("preview.unremembered path=%s error=%s", self._path, error)
