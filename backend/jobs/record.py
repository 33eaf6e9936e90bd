"""One job with everything that is known of it while the program runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from backend.jobs.journal import Stored
from backend.schema.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Progress,
    SetAside,
    Skipped,
    Stage,
    TerminalEvent,
    Warned,
)
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Job, JobState, JobView, PictureView
from backend.schema.series import ResolvedSeries

_STATES: dict[type[TerminalEvent], JobState] = {
    Finished: JobState.FINISHED,
    Failed: JobState.FAILED,
    Cancelled: JobState.CANCELLED,
    SetAside: JobState.SET_ASIDE,
}
_TITLES: Mapping[str, Callable[[Job], str]] = {
    "convert": lambda job: f"Convert {job.conversion.source.name}",
    "train": lambda job: f"Train {job.training.name}",
    "caption": lambda job: f"Captions of {job.captioning.title}",
    "map": lambda job: f"Map by {job.mapping.preprocessor}",
    "download": lambda job: f"Download {job.download.title}",
    "bring": lambda job: f"Pictures of {job.bringing.label}",
    "identify": lambda _: "Identify models",
    "updates": lambda _: "Look for newer versions",
}
"""What jobs are of which no pictures come."""
SET_ASIDE_HINT = "Try a smaller picture, fewer at the same time, or another checkpoint."


@dataclass(frozen=True, kw_only=True)
class Record:
    """A job and its running view; every change makes a new one."""

    job: Job
    title: str
    pictures_wanted: int
    position: int | None = None
    stage: str = ""
    loading: Stage | None = None
    """The last stage that told how much it has read."""
    speed: float | None = None
    """Bytes a second, where somebody measures."""
    progress: Progress | None = None
    pictures: tuple[PictureView, ...] = ()
    made: frozenset[int] = frozenset()
    """The indices of all pictures that were made, deleted ones included."""
    skipped: frozenset[int] = frozenset()
    """Those of pictures that a person did not wait for."""
    warnings: tuple[str, ...] = ()
    outcome: str = ""
    map: InputPicture | None = None
    failure: Failed | None = None

    @classmethod
    def of(cls, job: Job) -> Self:
        """A job of which nothing is known yet but itself."""
        if job.kind in _TITLES:
            return cls(job=job, title=_TITLES[job.kind](job), pictures_wanted=0)
        if job.kind == "upscale":
            wanted = job.upscaling
            title = f"Upscale {wanted.factor:g}×: {wanted.prompt.positive or wanted.name}"
        elif job.kind == "series":
            title = _series_title(job.series)
        else:
            title = job.generation.prompt.positive
        return cls(job=job, title=title, pictures_wanted=job.picture_request.pictures)

    @classmethod
    def restored(cls, stored: Stored) -> Self:
        """A job as the journal knows it."""
        record = replace(cls.of(stored.job), pictures=stored.pictures, made=stored.made)
        for event in stored.events:
            record = record.after(event)
        return record

    @property
    def complete(self) -> bool:
        """Whether no picture is left to make; never where none was asked for."""
        return 0 < self.pictures_wanted <= len(self.settled)

    @property
    def settled(self) -> frozenset[int]:
        """The indices of pictures that are not to be made (again)."""
        return self.made | self.skipped

    @property
    def batch(self) -> int | None:
        """The batch that is made now, or next, from 1; None where none is left."""
        wanted = self.job.picture_request
        first = next((index for index in wanted.in_order if index not in self.settled), None)
        return None if first is None else first // wanted.batch_size + 1

    def after(self, event: Event) -> Self:
        """The record after the job told something; pictures are added with `with_picture`."""
        match event:
            case Stage():
                loading = event if event.total_bytes else None
                return replace(self, stage=event.sentence, loading=loading)
            case Progress():
                return replace(self, progress=event)
            case Warned() if event.sentence not in self.warnings:
                return replace(self, warnings=(*self.warnings, event.sentence))
            case Skipped():
                return replace(self, skipped=self.skipped | frozenset(event.indices))
            case Finished() | Failed() | SetAside():
                return self._with_end(event)
            case _:
                return self

    def _with_end(self, event: Finished | Failed | SetAside) -> Self:
        if isinstance(event, Finished):
            return replace(self, outcome=event.sentence, map=event.map)
        return replace(self, failure=_reason_in(event))

    def ended(self, event: TerminalEvent, at: float) -> Self:
        """The record after the event that ends the job."""
        record = self.after(event)
        reason = record.failure
        changes: dict[str, object] = {
            "state": _STATES[type(event)],
            "ended": at,
            "sentence": reason.sentence if reason else "",
            "hint": reason.hint if reason else "",
        }
        job = self.job.model_copy(update=changes)
        return replace(record, job=job, stage="", progress=None, position=None, speed=None)

    def with_job(self, **changes: object) -> Self:
        """The record with some of the job's own fields changed."""
        return replace(self, job=self.job.model_copy(update=changes))

    def with_picture(self, picture: PictureView) -> Self:
        """The record with a picture, in place of what its index stood for."""
        others = [other for other in self.pictures if other.index != picture.index]
        pictures = sorted([*others, picture], key=lambda view: view.index)
        made, skipped = self.made | {picture.index}, self.skipped - {picture.index}
        return replace(self, pictures=tuple(pictures), made=made, skipped=skipped)

    def without_picture(self, picture_id: str) -> Self:
        """The record after a picture was deleted; it still counts as made."""
        left = tuple(view for view in self.pictures if view.id != picture_id)
        return replace(self, pictures=left)

    def view(self) -> JobView:
        """What the page shows."""
        loading = self.loading if self.loading and self.loading.sentence == self.stage else None
        return JobView(
            id=self.job.id,
            kind=self.job.kind,
            owner=self.job.owner,
            state=self.job.state,
            title=self.title,
            created=self.job.created,
            position=self.position,
            stage=self.stage,
            done_bytes=loading.done_bytes if loading else None,
            total_bytes=loading.total_bytes if loading else None,
            speed=self.speed if loading else None,
            seconds_left=_seconds_left(loading, self.speed) if loading else None,
            paused=self.job.paused,
            on_host=self.job.on_host,
            progress=self.progress,
            pictures_wanted=self.pictures_wanted,
            pictures_skipped=len(self.skipped),
            pictures=self.pictures,
            warnings=self.warnings,
            outcome=self.outcome,
            map=self.map,
            failure=self.failure,
            engine_deaths=self.job.engine_deaths,
        )


def _series_title(series: ResolvedSeries) -> str:
    axes = series.axes
    kind = f"Grid {axes.columns} × {axes.rows}" if series.sheets else f"{axes.cells} pictures"
    return f"{kind}: {series.prompt_of(0).positive}"


def _seconds_left(stage: Stage, speed: float | None) -> float | None:
    if not speed or stage.total_bytes is None or stage.done_bytes is None:
        return None
    return max(0, stage.total_bytes - stage.done_bytes) / speed


def _reason_in(event: Failed | SetAside) -> Failed:
    if isinstance(event, Failed):
        return event
    return Failed(code="set_aside", sentence=event.sentence, hint=SET_ASIDE_HINT)
