"""What the doors need of Studio; they know nothing else of it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from backend.api.advice_verbs import Advising
from backend.api.bringing_verbs import Bringing
from backend.api.dataset_verbs import Captioning, Datasets
from backend.api.download_verbs import Downloads
from backend.api.guide_verbs import Guide
from backend.api.hub_verbs import Hubs
from backend.api.inputs_verbs import Inputs
from backend.api.keeping_verbs import Keeping
from backend.api.known_verbs import Identifying, Previews, Updates
from backend.api.lora_verbs import Loras
from backend.api.map_verbs import Maps, MapShelf
from backend.api.memory_verbs import Memory
from backend.api.model_verbs import Covers, Models, Notes
from backend.api.pose_verbs import PoseMaps
from backend.api.preprocessor_verbs import Preprocessors
from backend.api.reading_verbs import Readings, Reproducing
from backend.api.series_verbs import Series
from backend.api.training_verbs import Training, Trainings
from backend.api.upscaling_verbs import Upscaling
from backend.api.writing_verbs import Writing
from backend.schema.conversion import TargetPrecision
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, FeedItem, JobView, PictureView, Snapshot


class Subscription(Protocol):
    """One reader's place in the feed."""

    def next(self, timeout: float) -> FeedItem | None:
        """The next item; None when nothing came for `timeout` seconds."""
        ...


class Generation(Protocol):
    """Asking for pictures."""

    def submit(self, actor: Actor, request: GenerationRequest) -> JobView:
        """Queue a request."""
        ...


class Conversion(Protocol):
    """Writing models in another format or precision."""

    def submit(
        self,
        actor: Actor,
        file: Path,
        to: TargetPrecision = "same",
        *,
        pruned: bool = False,
        name: str = "",
    ) -> JobView:
        """Queue the conversion of a file."""
        ...


class Jobs(Protocol):
    """Work that waits, runs or ended."""

    def view(self, actor: Actor, job_id: str) -> JobView:
        """One job as it is now."""
        ...

    def request_of(self, actor: Actor, job_id: str) -> GenerationRequest:
        """The request that does the whole job again."""
        ...

    def cancel(self, actor: Actor, job_id: str) -> None:
        """End a job; what it made is kept."""
        ...

    def skip(self, actor: Actor, job_id: str) -> None:
        """Let go of the pictures that are being made, and go on with the next."""
        ...

    def pause_queue(self, actor: Actor) -> None:
        """Begin nothing new."""
        ...

    def resume_queue(self, actor: Actor) -> None:
        """Go on."""
        ...

    def free_memory(self, actor: Actor) -> None:
        """Let go of the models that are kept in memory, once no job runs."""
        ...

    def snapshot(self, actor: Actor) -> Snapshot:
        """All that the page shows."""
        ...

    def follow(self, actor: Actor) -> AbstractContextManager[Subscription]:
        """Listen to what changes; the first item is a snapshot."""
        ...


class Gallery(Protocol):
    """Pictures that were made."""

    def newest(
        self, actor: Actor, limit: int = 60, before: float | None = None
    ) -> tuple[PictureView, ...]:
        """Pictures, newest first."""
        ...

    def picture(self, actor: Actor, picture_id: str) -> PictureView:
        """One picture."""
        ...

    def file(self, actor: Actor, picture_id: str) -> Path:
        """Its file."""
        ...

    def thumbnail(self, actor: Actor, picture_id: str) -> Path:
        """The file of its small version."""
        ...

    def unsaved_bytes(self, actor: Actor, picture_id: str) -> bytes:
        """The PNG of a picture that the disk refused."""
        ...

    def request_of(self, actor: Actor, picture_id: str) -> GenerationRequest:
        """The request that makes it again."""
        ...

    def delete(self, actor: Actor, picture_id: str) -> None:
        """Remove it and its file."""
        ...


class Verbs(Protocol):
    """Studio, as far as the doors use it."""

    @property
    def generation(self) -> Generation:
        """Asking for pictures."""
        ...

    @property
    def series(self) -> Series:
        """Asking for several pictures that differ in a few settings."""
        ...

    @property
    def conversion(self) -> Conversion:
        """Writing models in another format or precision."""
        ...

    @property
    def upscaling(self) -> Upscaling:
        """Enlarging pictures."""
        ...

    @property
    def maps(self) -> Maps:
        """Maps that steer drawings."""
        ...

    @property
    def map_shelf(self) -> MapShelf:
        """Maps that are kept by name."""
        ...

    @property
    def inputs(self) -> Inputs:
        """Pictures that somebody hands in."""
        ...

    @property
    def poses(self) -> PoseMaps:
        """Poses that become maps."""
        ...

    @property
    def preprocessors(self) -> Preprocessors:
        """What makes maps, and getting what it needs."""
        ...

    @property
    def training(self) -> Training:
        """Teaching a checkpoint something new."""
        ...

    @property
    def trainings(self) -> Trainings:
        """How trainings go."""
        ...

    @property
    def datasets(self) -> Datasets:
        """Pictures and captions that LoRAs learn from."""
        ...

    @property
    def captioning(self) -> Captioning:
        """Captions that a model writes."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Work that waits, runs or ended."""
        ...

    @property
    def gallery(self) -> Gallery:
        """Pictures that were made."""
        ...

    @property
    def models(self) -> Models:
        """What can be chosen."""
        ...

    @property
    def covers(self) -> Covers:
        """Small versions of the pictures that lie beside models."""
        ...

    @property
    def notes(self) -> Notes:
        """What the owner notes about models."""
        ...

    @property
    def memory(self) -> Memory:
        """Whether a picture fits into memory."""
        ...

    @property
    def advising(self) -> Advising:
        """What to change about settings that disappoint, or would."""
        ...

    @property
    def writing(self) -> Writing:
        """Reading prompts while somebody types."""
        ...

    @property
    def loras(self) -> Loras:
        """LoRAs that can be put on, and those that a prompt puts on."""
        ...

    @property
    def hubs(self) -> Hubs:
        """Looking for models on the hubs."""
        ...

    @property
    def downloads(self) -> Downloads:
        """Getting models from the hubs."""
        ...

    @property
    def guide(self) -> Guide:
        """A guided start."""
        ...

    @property
    def readings(self) -> Readings:
        """How pictures of any program were made."""
        ...

    @property
    def reproducing(self) -> Reproducing:
        """Making pictures again from their own metadata."""
        ...

    @property
    def keeping(self) -> Keeping:
        """What a person does with the models that are here."""
        ...

    @property
    def bringing(self) -> Bringing:
        """Models, styles, wildcards and pictures of other programs, used where they lie."""
        ...

    @property
    def identifying(self) -> Identifying:
        """Finding out at CivitAI what models are."""
        ...

    @property
    def updates(self) -> Updates:
        """Newer versions of models that are here."""
        ...

    @property
    def previews(self) -> Previews:
        """The pictures that stand for models."""
        ...
