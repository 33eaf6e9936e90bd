"""The journal: every job, its pictures and the events that matter, in SQLite."""

import itertools
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from backend.database import open_database
from backend.jobs.queries import load_queries
from backend.schema.events import Event, TerminalEvent
from backend.schema.jobs import Job, PictureView
from backend.schema.writing import UsedPrompt

LOG = logging.getLogger(__name__)

FORMAT = 1
_LOOKED_AT = 2000
"""So many of the last jobs are looked at for prompts."""
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_Values = Mapping[str, object]
_Key = tuple[str, object]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the journal knows of one job."""

    job: Job
    pictures: tuple[PictureView, ...]
    """Those that were made and not deleted."""
    made: frozenset[int]
    """The indices of all that were made, deleted ones included."""
    events: tuple[Event, ...]


class Journal:
    """What must outlive the program. Safe to use from several threads.

    A write that the disk refuses stays in memory and is tried again before the next one and by
    `retry`; only the newest state of each thing is kept, so that waiting takes little memory.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`, made when it is not there.

        Raises:
            EaselError: When a newer version of Easel wrote it.
        """
        self._path = path
        self._queries = load_queries()
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._waiting: dict[_Key, tuple[str, _Values]] = {}
        self._database: sqlite3.Connection | None = None
        self._trouble = ""
        self._notice = ""
        self.retry()

    @property
    def trouble(self) -> str:
        """Why it cannot be written, as a sentence; empty while all is on disk."""
        return self._trouble

    @property
    def notice(self) -> str:
        """What a person should know about how it was opened; usually empty."""
        return self._notice

    def put_job(self, job: Job) -> None:
        """Write a job, in place of its earlier state; one that ended stays as it ended."""
        self._write(("job", job.id), "put_job", _columns(job))

    def end_job(self, job: Job, event: TerminalEvent) -> None:
        """Write the end of a job together with the event that tells it."""
        with self._lock:
            self._wait_with(("job", job.id), "put_job", _columns(job))
            self.add_event(job.id, event)

    def put_picture(self, picture: PictureView) -> None:
        """Write a picture that was made, in place of what its index stood for."""
        values = {"job": picture.job, "index": picture.index, "body": picture.model_dump_json()}
        self._write(("picture", picture.id), "put_picture", values)

    def delete_picture(self, picture: PictureView) -> None:
        """Note that a picture was deleted, so that it is neither shown nor made again."""
        values = {"job": picture.job, "index": picture.index}
        self._write(("deletion", picture.id), "delete_picture", values)

    def add_event(self, job: str, event: Event) -> None:
        """Add an event to the story of a job."""
        values = {"job": job, "at": time.time(), "body": event.model_dump_json()}
        self._write(("event", next(self._numbers)), "add_event", values)

    def active(self) -> tuple[Stored, ...]:
        """The jobs that wait or run, in the order in which they were asked for."""
        return self._stored("active_jobs", {})

    def ended(self, limit: int) -> tuple[Stored, ...]:
        """The jobs that were asked for last among those that ended, newest first."""
        return self._stored("ended_jobs", {"limit": limit})

    def find(self, job_id: str) -> Stored | None:
        """One job; None where there is none."""
        return next(iter(self._stored("job", {"id": job_id})), None)

    def pictures(self) -> Iterator[PictureView]:
        """Every picture that was made and not deleted, oldest first."""
        with self._lock:
            for row in self._rows("all_pictures", {}):
                yield PictureView.model_validate_json(row["body"])

    def pictures_with(self, sha256: str, part: str) -> tuple[PictureView, ...]:
        """The pictures that were made with a model and not deleted, newest first.

        Args:
            sha256: The fingerprint of a checkpoint or refiner; empty where it is not known.
            part: The id of a VAE or text encoder in a file of its own; empty where it is none.
        """
        with self._lock:
            rows = self._rows("pictures_with_model", {"sha256": sha256}) if sha256 else []
            rows += self._rows("pictures_with_part", {"id": part}) if part else []
            return tuple(PictureView.model_validate_json(row["body"]) for row in rows)

    def prompts_of(self, owner: str, limit: int) -> tuple[UsedPrompt, ...]:
        """The prompts that somebody asked for pictures with last, each once, newest first."""
        values = {"owner": owner, "limit": limit, "looked_at": _LOOKED_AT}
        with self._lock:
            rows = self._rows("prompts_of", values)
        return tuple(UsedPrompt.model_validate(dict(row)) for row in rows)

    def retry(self) -> None:
        """Try again to write what waits, if anything does."""
        with self._lock:
            if self._database is None or self._waiting:
                self._flush()

    def close(self) -> None:
        """Write what can be written and let go of the file."""
        with self._lock:
            self.retry()
            if self._database is not None:
                self._database.close()

    def _write(self, key: _Key, query: str, values: _Values) -> None:
        with self._lock:
            self._wait_with(key, query, values)
            self._flush()

    def _wait_with(self, key: _Key, query: str, values: _Values) -> None:
        self._waiting[key] = (self._queries[query], values)

    def _flush(self) -> None:
        try:
            database = self._database = self._database or self._open()
            with database:
                for statement, values in self._waiting.values():
                    database.execute(statement, values)
        except (sqlite3.DatabaseError, OSError) as error:
            if not self._trouble:
                LOG.warning("journal.refused path=%s error=%s", self._path, error)
            self._trouble = (
                f"The journal cannot be written ({error}). What happens is kept in memory: free "
                "some space before you end Easel."
            )
        else:
            self._waiting.clear()
            self._trouble = ""

    def _open(self) -> sqlite3.Connection:
        opened = open_database(self._path, self._queries["create"], FORMAT)
        if opened.set_aside:
            self._notice = (
                "The journal was damaged, so a new one was begun; the old one is "
                f"{opened.set_aside.name} in the data folder. Your pictures are not touched."
            )
        return opened.connection

    def _stored(self, query: str, values: _Values) -> tuple[Stored, ...]:
        with self._lock:
            return tuple(self._whole(row) for row in self._rows(query, values))

    def _rows(self, query: str, values: _Values) -> list[sqlite3.Row]:
        """What is there to read; nothing where the disk does not let us."""
        if self._database is None:
            return []
        try:
            return self._database.execute(self._queries[query], values).fetchall()
        except sqlite3.DatabaseError as error:
            LOG.warning("journal.unreadable path=%s error=%s", self._path, error)
            return []

    def _whole(self, row: sqlite3.Row) -> Stored:
        columns: dict[str, object] = dict(row)
        del columns["number"]
        columns["request"] = json.loads(str(columns["request"]))
        job = Job.model_validate(columns)
        pictures = self._rows("pictures_of", {"job": job.id})
        events = self._rows("events_of", {"job": job.id})
        return Stored(
            job=job,
            pictures=tuple(
                PictureView.model_validate_json(line["body"])
                for line in pictures
                if not line["deleted"]
            ),
            made=frozenset(int(line["index"]) for line in pictures),
            events=tuple(_EVENT.validate_json(line["body"]) for line in events),
        )


def _columns(job: Job) -> _Values:
    return job.model_dump(mode="json") | {"request": json.dumps(job.request)}
