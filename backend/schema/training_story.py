"""What a training told on its way, as the page and the command line show it."""

from typing import Literal

from backend.schema.base import Frozen
from backend.schema.events import Remedy
from backend.schema.training import ResolvedTraining, TrainingRequest

BANDS = 4
"""The noise levels in so many bands of the same width, the cleanest first."""
LORA_BYTES = "lora_bytes"
"""The name of the number that tells that a LoRA was written."""


class Measured(Frozen):
    """What one step came to."""

    step: int
    """Counted from 1."""
    loss: float
    average: float
    """The loss, smoothed."""
    bands: tuple[float | None, ...] = ()
    """The loss of each band of noise levels; None where the step learned none of it."""
    rate: float
    """The learning rate."""
    gradient: float
    """Its length before it was clipped."""
    seconds: float
    """That the step took."""
    memory: int = 0
    """The most that was taken so far, in bytes; 0 where it is not known."""


class Validated(Frozen):
    """How wrong it is on pictures that it does not learn."""

    step: int
    loss: float


class SamplePicture(Frozen):
    """A picture drawn on the way; step 0 is the checkpoint without a LoRA."""

    step: int
    place: int
    """Of its prompt."""
    file: str
    """Its name in the training's folder of samples."""


class KeptStep(Frozen):
    """A checkpoint of the training."""

    step: int
    size: int
    """In bytes, with all that is needed to go on."""
    lora: str
    """The name of its LoRA in the library."""


DiagnosisCode = Literal["flat", "oscillating", "overfitting", "trigger not learned", "exploded"]


class Diagnosis(Frozen):
    """What a curve means in plain words, and what to change."""

    code: DiagnosisCode
    sentence: str
    hint: str
    remedies: tuple[Remedy, ...] = ()


class Begun(Frozen):
    """What a training's folder holds of it from the start."""

    job: str
    """The job that works on it, or did last."""
    owner: str
    created: float
    """Seconds since the epoch."""
    wanted: ResolvedTraining


TrainingState = Literal["queued", "running", "paused", "finished", "failed"]
"""A paused one was ended early, by whomever, and can go on; so can one that failed."""


class TrainingStory(Frozen):
    """All that is known of a training."""

    id: str
    name: str
    job: str
    """The job that works on it, or did last."""
    steps: int
    state: TrainingState = "paused"
    problem: str = ""
    """Why it failed, and what to do, in words."""
    created: float = 0.0
    """When it was asked for, in seconds since the epoch."""
    checkpoint: str = ""
    """The library's id of what learns."""
    reached: int = 0
    """How many steps were taken."""
    asked: TrainingRequest = TrainingRequest()
    measured: tuple[Measured, ...] = ()
    """At most a thousand, evenly thinned where there are more."""
    validated: tuple[Validated, ...] = ()
    prompts: tuple[str, ...] = ()
    """Of the samples."""
    samples: tuple[SamplePicture, ...] = ()
    kept: tuple[KeptStep, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()


class TrainingForecast(Frozen):
    """What a training will take, before it starts."""

    seconds: float
    step_seconds: float
    memory: int
    """The most at once on the device, in bytes."""
    available: int
    """What the device has for it, in bytes."""
    file: int
    """The LoRA, in bytes."""
    disk: int
    """All that is written, in bytes: encoded pictures, checkpoints, samples."""
    free_disk: int
    sentence: str
    """How it is made to fit, in words."""
    fits: bool = True
    remedies: tuple[Remedy, ...] = ()
    """What to change where it does not fit, the best first."""
