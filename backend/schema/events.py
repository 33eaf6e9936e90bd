"""What a job tells while it runs; exactly one of the last four ends it."""

from typing import Annotated, Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.fields import Scalar
from backend.schema.inputs import InputPicture


class Stage(Frozen):
    """What is happening now, in words: loading, encoding the prompt, sampling, decoding, saving."""

    type: Literal["stage"] = "stage"
    sentence: str
    done_bytes: int | None = None
    """How much was read, where something large is loaded."""
    total_bytes: int | None = None


class Progress(Frozen):
    """How far the job is: step `step` of `steps` of the batch, batch `batch` of `batches`."""

    type: Literal["progress"] = "progress"
    step: int
    steps: int
    batch: int
    batches: int
    seconds_left: float | None = None


class Preview(Frozen):
    """The unfinished picture as a small JPEG, base64."""

    type: Literal["preview"] = "preview"
    index: int
    jpeg: str


class ImageReady(Frozen):
    """Picture `index` of the job is on disk, whole."""

    type: Literal["image_ready"] = "image_ready"
    index: int
    path: str
    width: int
    height: int
    seed: int


class ImageUnsaved(Frozen):
    """Picture `index` exists but could not be written: its whole PNG, base64, so it is not lost."""

    type: Literal["image_unsaved"] = "image_unsaved"
    index: int
    path: str
    """Where it should have gone."""
    width: int
    height: int
    seed: int
    sentence: str
    png: str


class Metric(Frozen):
    """A named number at a step, such as a training loss or seconds spent."""

    type: Literal["metric"] = "metric"
    name: str
    step: int
    value: float


class Warned(Frozen):
    """Something the person should know, while the job goes on."""

    type: Literal["warning"] = "warning"
    sentence: str


class Skipped(Frozen):
    """Nobody wants these pictures any more; the job goes on with the next."""

    type: Literal["skipped"] = "skipped"
    indices: tuple[int, ...]


class Finished(Frozen):
    """The job did all that was asked."""

    type: Literal["finished"] = "finished"
    sentence: str = ""
    """What came of it, where that is no picture."""
    map: InputPicture | None = None
    """The map that came of it, which requests can refer to."""


class Remedy(Frozen):
    """Something that a person can change so that a job has a better chance."""

    label: str
    """On a button, such as “Keep weights in eight bits”."""
    fields: dict[str, Scalar] = Field(default_factory=dict[str, Scalar])
    """The request's fields to change, by dotted id; none where Easel cannot do it by itself."""


class Failed(Frozen):
    """The job ended without all that was asked; what it made before is kept."""

    type: Literal["failed"] = "failed"
    code: str
    sentence: str
    hint: str = ""
    details: str = ""
    remedies: tuple[Remedy, ...] = ()
    """What to change before it is tried again, the best first."""


class Cancelled(Frozen):
    """The person ended the job; what it made before is kept."""

    type: Literal["cancelled"] = "cancelled"


class SetAside(Frozen):
    """The job killed the engine twice and is not tried again by itself."""

    type: Literal["set_aside"] = "set_aside"
    sentence: str


TerminalEvent = Finished | Failed | Cancelled | SetAside
Event = Annotated[
    Stage
    | Progress
    | Preview
    | ImageReady
    | ImageUnsaved
    | Metric
    | Warned
    | Skipped
    | Finished
    | Failed
    | Cancelled
    | SetAside,
    Field(discriminator="type"),
]
