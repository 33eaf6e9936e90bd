"""All jobs that are active or ended lately: in memory, in the journal and in the feed."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from backend.jobs.feed import Feed
from backend.jobs.journal import Journal
from backend.jobs.ports import PictureKeeper
from backend.jobs.record import Record
from backend.schema.errors import NotFoundError
from backend.schema.events import Event, Metric, Preview, Skipped, TerminalEvent, Warned
from backend.schema.jobs import (
    Actor,
    Job,
    JobChanged,
    JobState,
    JobView,
    PictureAdded,
    PictureRemoved,
    PictureView,
    PreviewChanged,
)

LOG = logging.getLogger(__name__)

LATELY = 20
"""How many ended jobs of each owner stay in sight."""


class Board:
    """The one place where a job's state changes; each change is journaled, then published."""

    def __init__(self, journal: Journal, pictures: PictureKeeper) -> None:
        self.lock = threading.RLock()
        self.feed = Feed(self.lock)
        self._journal = journal
        self._pictures = pictures
        self._records: dict[str, Record] = {}
        self._previews: dict[tuple[str, int], PreviewChanged] = {}

    @property
    def trouble(self) -> str:
        """Why something is in memory only, as a sentence; empty while all is on disk."""
        return self._journal.trouble or self._pictures.trouble

    @property
    def notice(self) -> str:
        """What a person should know about how the journal was opened; usually empty."""
        return self._journal.notice

    def restore(self, *, resume: bool) -> None:
        """Bring back what the journal holds: what ended lately, and what waits if `resume`."""
        with self.lock:
            stored = list(reversed(self._journal.ended(LATELY)))
            stored += self._journal.active() if resume else ()
            self._records = {one.job.id: Record.restored(one) for one in stored}

    def get(self, job_id: str) -> Record:
        """A job, however long ago it ended.

        Raises:
            NotFoundError: When there is none.
        """
        with self.lock:
            record = self._records.get(job_id)
            if record is None and (stored := self._journal.find(job_id)):
                record = Record.restored(stored)
        if record is None:
            raise NotFoundError("There is no such job.", "Look at the list of jobs.")
        return record

    def waiting(self, *, on_host: bool = False) -> tuple[Record, ...]:
        """The jobs that have not ended, in the order in which they were asked for.

        Args:
            on_host: Whether those that the page's process does are meant, or the engine's.
        """
        with self.lock:
            there = self._records.values()
            return tuple(
                one for one in there if one.job.on_host is on_host and not one.job.state.ended
            )

    def ended(self, kind: str) -> tuple[Job, ...]:
        """The jobs of a kind that ended lately, the oldest first."""
        with self.lock:
            jobs = [one.job for one in self._records.values()]
        return tuple(job for job in jobs if job.kind == kind and job.state.ended)

    def views(self, actor: Actor) -> tuple[JobView, ...]:
        """What `actor` sees: active jobs and those that ended lately, newest first."""
        with self.lock:
            mine = [one for one in self._records.values() if actor.may_see(one.job.owner)]
        return tuple(one.view() for one in reversed(mine))

    def previews(self, actor: Actor) -> tuple[PreviewChanged, ...]:
        """The newest preview of each unfinished picture that `actor` sees."""
        with self.lock:
            return tuple(
                preview
                for (job, _), preview in self._previews.items()
                if actor.may_see(self._records[job].job.owner)
            )

    def add(self, job: Job) -> Record:
        """Put a new job up."""
        record = Record.of(job)
        with self.lock:
            self._records[job.id] = record
            self._journal.put_job(job)
            self._publish(record)
        return record

    def change(self, record: Record) -> None:
        """Put a job's new state in place of its old one."""
        with self.lock:
            before = self._records.get(record.job.id)
            if before == record:
                return
            self._records[record.job.id] = record
            if before is None or before.job != record.job:
                self._journal.put_job(record.job)
            self._publish(record)

    def tell(self, job_id: str, event: Event) -> None:
        """Note what a running job told; what matters later goes into the journal."""
        with self.lock:
            if isinstance(event, Warned | Metric | Skipped):
                self._journal.add_event(job_id, event)
            if isinstance(event, Skipped):
                self.forget_previews(job_id)
            self.change(self._records[job_id].after(event))

    def preview(self, job_id: str, preview: Preview) -> None:
        """Show an unfinished picture."""
        with self.lock:
            item = PreviewChanged(job=job_id, index=preview.index, jpeg=preview.jpeg)
            self._previews[job_id, preview.index] = item
            self.feed.publish(item, self._records[job_id].job.owner)

    def end(self, job_id: str, event: TerminalEvent) -> None:
        """End a job; one that ended already stays as it ended.

        A finished job of which something is in memory only counts as running in the journal until
        `settle`: if the program dies before, the missing picture is made again.
        """
        with self.lock:
            record = self._records[job_id]
            if record.job.state.ended:
                return
            self.forget_previews(job_id)
            record = self._records[job_id] = record.ended(event, time.time())
            finished = record.job.state is JobState.FINISHED
            if not finished or not self._pictures.has_loose_ends(job_id):
                self._journal.end_job(record.job, event)
            LOG.info("job.ended job=%s state=%s", job_id, record.job.state)
            self._publish(record)
            self._let_go_of_old(record.job.owner)

    def settle(self, job_ids: Iterable[str]) -> None:
        """Journal jobs that ended while something of them was in memory only."""
        with self.lock:
            known = [self._records[job] for job in job_ids if job in self._records]
            for record in known:
                if record.job.state.ended and not self._pictures.has_loose_ends(record.job.id):
                    self._journal.put_job(record.job)

    def add_picture(self, picture: PictureView, png: bytes | None = None) -> None:
        """Show a new picture; with `png`, one that the disk refused and that is held in memory."""
        with self.lock:
            record = self.get(picture.job).with_picture(picture)
            if png is None:
                self._pictures.add(picture)
                self._journal.put_picture(picture)
            else:
                self._pictures.keep(picture, png)
            self._previews.pop((picture.job, picture.index), None)
            self._show(picture, record)

    def picture_saved(self, picture: PictureView) -> None:
        """Note that a picture that was held in memory is on disk now."""
        with self.lock:
            self._journal.put_picture(picture)
            self._show(picture, self.get(picture.job).with_picture(picture))
            self.settle([picture.job])

    def remove_picture(self, picture: PictureView) -> None:
        """Forget a picture that was deleted."""
        with self.lock:
            self._journal.put_picture(picture)
            self._journal.delete_picture(picture)
            self.feed.publish(PictureRemoved(picture=picture.id), picture.owner)
            record = self._records.get(picture.job)
            if record is not None:
                self.change(record.without_picture(picture.id))
                self.settle([picture.job])

    def forget_previews(self, job_id: str) -> None:
        """Drop what a job showed of unfinished pictures."""
        for key in [key for key in self._previews if key[0] == job_id]:
            del self._previews[key]

    def place(self, order: Iterable[Job]) -> None:
        """Tell queued jobs their places in the queue."""
        queued = [job.id for job in order if job.state is JobState.QUEUED]
        with self.lock:
            for position, job_id in enumerate(queued, 1):
                self.change(replace(self._records[job_id], position=position))

    def retry(self) -> None:
        """Try again to write what is in memory only, if anything is."""
        with self.lock:
            self._journal.retry()
            if self._pictures.trouble:
                self._pictures.retry()
                self.settle(list(self._records))

    def _show(self, picture: PictureView, record: Record) -> None:
        self.feed.publish(PictureAdded(picture=picture), picture.owner)
        if picture.job in self._records:
            self.change(record)

    def _publish(self, record: Record) -> None:
        self.feed.publish(JobChanged(job=record.view()), record.job.owner)

    def _let_go_of_old(self, owner: str) -> None:
        """Ended jobs that are long out of sight are read from the journal when asked for."""
        if self.trouble:
            return
        jobs = [one.job for one in self._records.values()]
        ended = [job for job in jobs if job.owner == owner and job.state.ended]
        for passing in (True, False):  # so that maps push nothing else out of sight
            alike = [job.id for job in ended if job.passing is passing]
            for job_id in alike[:-LATELY]:
                if not self._pictures.has_loose_ends(job_id):
                    del self._records[job_id]
