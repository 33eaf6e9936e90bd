"""Jobs, who owns them, and the views of them that the page and the API show."""

import secrets
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from typing import Literal, Protocol, Self

from backend.schema.base import Frozen
from backend.schema.bringing import BringRequest
from backend.schema.captioning import CaptionRequest
from backend.schema.controls import MapRequest
from backend.schema.conversion import ConversionRequest
from backend.schema.downloads import DownloadRequest
from backend.schema.events import Failed, Progress
from backend.schema.inputs import InputPicture
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRequest
from backend.schema.series import ResolvedSeries
from backend.schema.training import ResolvedTraining
from backend.schema.upscaling import ResolvedUpscaling


class Role(StrEnum):
    """What an actor may do."""

    OWNER = "owner"
    GUEST = "guest"


class Actor(Frozen):
    """Who asks. Jobs, pictures and events belong to one actor; no verb works without one."""

    id: str
    role: Role

    def may_see(self, owner_id: str) -> bool:
        """Whether this actor may see what belongs to `owner_id`: all, or only their own."""
        return self.role is Role.OWNER or self.id == owner_id


OWNER = Actor(id="owner", role=Role.OWNER)


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SET_ASIDE = "set_aside"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


HOST_KINDS = frozenset({"bring", "download", "identify", "updates"})
"""Jobs that the page's own process does, beside the engine and its queue."""


PATIENT_KINDS = frozenset({"train"})
"""Jobs that the engine goes on with only while nothing else is to be done."""


PASSING_KINDS = frozenset({"map"})
"""Jobs that somebody asks for by the dozen, and that nobody looks for once they have ended."""


class PictureRequest(Protocol):
    """What all jobs that make pictures tell of them, whether they draw or enlarge."""

    @property
    def pictures(self) -> int:
        """How many."""
        ...

    @property
    def batch_size(self) -> int:
        """How many at once."""
        ...

    @property
    def in_order(self) -> Sequence[int]:
        """Their places in the job, in the order in which they are made."""
        ...

    def prompt_of(self, index: int) -> PromptSettings:
        """What a picture shows."""
        ...

    def seed_of(self, index: int) -> int:
        """The seed of a picture."""
        ...


class Job(Frozen):
    """One piece of work, as the journal holds it."""

    id: str
    """Twelve hexadecimal digits, unique in the journal."""
    kind: str
    owner: str
    state: JobState
    request: dict[str, object]
    """The resolved request of its kind, as JSON; see `generation`."""
    created: float
    """Seconds since the epoch, as are `started` and `ended`."""
    started: float | None = None
    ended: float | None = None
    engine_deaths: int = 0
    sentence: str = ""
    """Why the job failed or was set aside."""
    hint: str = ""

    @classmethod
    def asked(cls, kind: str, actor: "Actor", request: Frozen) -> Self:
        """A new job of the engine's, as somebody asks for it now.

        Args:
            kind: What is to be done.
            actor: Who asks.
            request: The resolved request of that kind.
        """
        return cls(
            id=secrets.token_hex(6),
            kind=kind,
            owner=actor.id,
            state=JobState.QUEUED,
            request=request.model_dump(mode="json"),
            created=time.time(),
        )

    @property
    def generation(self) -> ResolvedRequest:
        """The request of a job of kind `generate`."""
        return ResolvedRequest.model_validate(self.request)

    @property
    def upscaling(self) -> ResolvedUpscaling:
        """The request of a job of kind `upscale`."""
        return ResolvedUpscaling.model_validate(self.request)

    @property
    def series(self) -> ResolvedSeries:
        """The request of a job of kind `series`."""
        return ResolvedSeries.model_validate(self.request)

    @property
    def picture_request(self) -> PictureRequest:
        """The request of a job that makes pictures."""
        if self.kind == "series":
            return self.series
        return self.upscaling if self.kind == "upscale" else self.generation

    @property
    def conversion(self) -> ConversionRequest:
        """The request of a job of kind `convert`."""
        return ConversionRequest.model_validate(self.request)

    @property
    def download(self) -> DownloadRequest:
        """The request of a job of kind `download`."""
        return DownloadRequest.model_validate(self.request)

    @property
    def bringing(self) -> BringRequest:
        """The request of a job of kind `bring`."""
        return BringRequest.model_validate(self.request)

    @property
    def training(self) -> ResolvedTraining:
        """The request of a job of kind `train`."""
        return ResolvedTraining.model_validate(self.request)

    @property
    def captioning(self) -> CaptionRequest:
        """The request of a job of kind `caption`."""
        return CaptionRequest.model_validate(self.request)

    @property
    def mapping(self) -> MapRequest:
        """The request of a job of kind `map`."""
        return MapRequest.model_validate(self.request)

    @property
    def makes_pictures(self) -> bool:
        """Whether pictures come of it."""
        return self.kind in ("generate", "series", "upscale")

    @property
    def works_with_a_checkpoint(self) -> bool:
        """Whether its request names one, whose fingerprint it needs."""
        return self.kind in ("generate", "series", "train")

    @property
    def waits_for_others(self) -> bool:
        """Whether the engine goes on with it only while nothing else is to be done."""
        return self.kind in PATIENT_KINDS

    @property
    def passing(self) -> bool:
        """Whether nobody looks for it once it has ended."""
        return self.kind in PASSING_KINDS

    @property
    def on_host(self) -> bool:
        """Whether the page's own process does it."""
        return self.kind in HOST_KINDS

    @property
    def paused(self) -> bool:
        """Whether a person paused it; only jobs on the host can be, each by itself."""
        return self.request.get("paused") is True


class PictureView(Frozen):
    """A picture in the gallery index, as the page shows it."""

    id: str
    """`<job id>-<index>`, which is also the end of its file name's stem; of a brought picture,
    letters and digits."""
    job: str
    index: int
    owner: str
    path: str
    """With forward slashes: relative to the outputs folder; of a brought picture, absolute."""
    width: int
    height: int
    seed: int
    prompt: str
    created: float
    saved: bool = True
    """False while the disk refuses it and it is kept in memory only."""

    @property
    def brought(self) -> bool:
        """Whether another program made it; it stays where it is, and its `job` is no job's."""
        kinds = (PurePosixPath, PureWindowsPath)
        return any(kind(self.path).is_absolute() for kind in kinds)


class JobView(Frozen):
    """A job with everything the page shows of it."""

    id: str
    kind: str
    owner: str
    state: JobState
    title: str
    """The prompt, or what the work is."""
    created: float
    position: int | None = None
    """Place in the queue, from 1, while queued."""
    stage: str = ""
    done_bytes: int | None = None
    """How much the stage has read, of `total_bytes`, where it loads something large."""
    total_bytes: int | None = None
    speed: float | None = None
    """Bytes a second, where it is measured."""
    seconds_left: float | None = None
    paused: bool = False
    """Whether it waits until a person lets it go on."""
    on_host: bool = False
    """Whether the page's own process does it, beside the engine and its queue."""
    progress: Progress | None = None
    pictures_wanted: int = 0
    pictures_skipped: int = 0
    """How many of them a person did not wait for."""
    pictures: tuple[PictureView, ...] = ()
    warnings: tuple[str, ...] = ()
    outcome: str = ""
    """What came of it, where that is no picture: a sentence."""
    map: InputPicture | None = None
    """The map that came of it, which requests can refer to."""
    failure: Failed | None = None
    engine_deaths: int = 0


class DeviceView(Frozen):
    """The device line: what computes, and how full its memory is."""

    name: str
    memory_used: int
    memory_total: int
    memory_held: int = 0
    """What the engine itself holds of it, as far as it knows."""
    process_bytes: int = 0
    """What the engine's process takes of the machine's memory."""


class SystemView(Frozen):
    """The state of the whole program, for the top bar."""

    engine: Literal["starting", "ready", "busy", "restarting", "stopped"]
    sentence: str = ""
    """What happened to the engine or the queue, in words; empty when all is well."""
    device: DeviceView | None = None
    queue_paused: bool = False
    queue_reason: str = ""
    queued: int = 0


class Snapshot(Frozen):
    """All that the page needs to attach: sent first on every connection."""

    type: Literal["snapshot"] = "snapshot"
    system: SystemView
    jobs: tuple[JobView, ...]
    """Active jobs, and those that ended last, newest first."""
    pictures: tuple[PictureView, ...]
    """The newest pictures, newest first."""


class JobChanged(Frozen):
    """The whole new state of one job."""

    type: Literal["job"] = "job"
    job: JobView


class SystemChanged(Frozen):
    """The whole new state of the program."""

    type: Literal["system"] = "system"
    system: SystemView


class PreviewChanged(Frozen):
    """The unfinished picture of a running job, a small JPEG in base64."""

    type: Literal["preview"] = "preview"
    job: str
    index: int
    jpeg: str


class PictureAdded(Frozen):
    """A new picture, or one that changed."""

    type: Literal["picture"] = "picture"
    picture: PictureView


class PictureRemoved(Frozen):
    """A picture was deleted; `picture` is its id."""

    type: Literal["picture_removed"] = "picture_removed"
    picture: str


FeedItem = Snapshot | JobChanged | SystemChanged | PreviewChanged | PictureAdded | PictureRemoved
