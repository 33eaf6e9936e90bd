"""The messages between the page's process and the engine, as versioned JSON."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from backend.schema.base import Frozen
from backend.schema.events import Event
from backend.schema.jobs import DeviceView

PROTOCOL_VERSION = 6
KEY_VARIABLE = "EASEL_CHANNEL_KEY"
"""The environment variable that hands a new engine the key of its connection."""


class StartJob(Frozen):
    """Begin a job; pictures in `finished_indices` are on disk already and are not made again."""

    type: Literal["start_job"] = "start_job"
    job: str
    kind: str
    request: dict[str, object]
    finished_indices: tuple[int, ...] = ()
    created: float
    """When the person asked, for dates in file names and metadata."""


class CancelJob(Frozen):
    """Close the job at its next yield."""

    type: Literal["cancel_job"] = "cancel_job"
    job: str


class SkipBatch(Frozen):
    """Let go of one batch of a job at its next yield, and go on with the next."""

    type: Literal["skip_batch"] = "skip_batch"
    job: str
    batch: int
    """Its place in the request, from 1; one that is done by then stays as it is."""


class PauseJobs(Frozen):
    """Stop advancing jobs until `ResumeJobs`."""

    type: Literal["pause_jobs"] = "pause_jobs"


class ResumeJobs(Frozen):
    """Go on advancing jobs."""

    type: Literal["resume_jobs"] = "resume_jobs"


class FreeMemory(Frozen):
    """Let go of all that was kept for later jobs, once none is running."""

    type: Literal["free_memory"] = "free_memory"


class ShutDown(Frozen):
    """Close all jobs and exit."""

    type: Literal["shut_down"] = "shut_down"


class Ready(Frozen):
    """The engine can take jobs; sent once after it started."""

    type: Literal["ready"] = "ready"
    version: int = PROTOCOL_VERSION
    pid: int
    device: DeviceView


class JobEvent(Frozen):
    """A job told something."""

    type: Literal["job_event"] = "job_event"
    job: str
    event: Event


class Heartbeat(Frozen):
    """The engine is alive; sent at least every two seconds, also while a job computes."""

    type: Literal["heartbeat"] = "heartbeat"
    device: DeviceView


ToEngine = Annotated[
    StartJob | CancelJob | SkipBatch | PauseJobs | ResumeJobs | FreeMemory | ShutDown,
    Field(discriminator="type"),
]
FromEngine = Annotated[Ready | JobEvent | Heartbeat, Field(discriminator="type")]

TO_ENGINE: TypeAdapter[ToEngine] = TypeAdapter(ToEngine)
FROM_ENGINE: TypeAdapter[FromEngine] = TypeAdapter(FromEngine)
