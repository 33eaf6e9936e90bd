"""What the doors need of Studio; they know nothing else of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from backend.api.advice_verbs import Advising
from backend.api.bringing_verbs import Bringing
from backend.api.download_verbs import Downloads
from backend.api.guide_verbs import Guide
from backend.api.hub_verbs import Hubs
from backend.api.keeping_verbs import Keeping
from backend.api.known_verbs import Identifying, Previews, Updates
from backend.api.lora_verbs import Loras
from backend.api.reading_verbs import Readings, Reproducing
from backend.api.upscaling_verbs import Upscaling
from backend.api.writing_verbs import Writing
from backend.schema.catalogue import Catalogue, CheckpointInfo, ComponentInfo
from backend.schema.conversion import TargetPrecision
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, FeedItem, JobView, PictureView, Snapshot
from backend.schema.library import (
    Hashes,
    LibraryEntry,
    LibraryState,
    ModelFolder,
    Rescanned,
    Verified,
)
from backend.schema.memory import MemoryState, PlanRequest, PlanView
from backend.schema.memory_settings import UsualMemory
from backend.schema.models import Family, Role


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


class Models(Protocol):
    """What can be chosen."""

    def catalogue(self) -> Catalogue:
        """Samplers, schedules and families."""
        ...

    def checkpoints(self, actor: Actor) -> tuple[CheckpointInfo, ...]:
        """What can draw, then what looks as if it should and cannot."""
        ...

    def components(self, actor: Actor) -> tuple[ComponentInfo, ...]:
        """The VAEs and text encoders that can be chosen."""
        ...

    def parts_for(self, actor: Actor, checkpoint: CheckpointInfo) -> Mapping[Role, ComponentInfo]:
        """The files that are chosen for a checkpoint's absent parts where a person chooses none."""
        ...

    def library(self, actor: Actor) -> tuple[LibraryEntry, ...]:
        """Every model file and folder, by id."""
        ...

    def entry(self, actor: Actor, entry_id: str) -> LibraryEntry:
        """One of them."""
        ...

    def preview(self, actor: Actor, entry_id: str) -> Path:
        """The picture that lies beside a model."""
        ...

    def look(self, actor: Actor, path: Path) -> LibraryEntry:
        """Any file or diffusers folder on this machine, as the library would list it."""
        ...

    def described(self, actor: Actor, entry: LibraryEntry) -> CheckpointInfo | None:
        """A file as the picker offers it; None where it is nothing to draw with."""
        ...

    def hashes(self, actor: Actor, path: Path) -> Hashes:
        """All hashes of a file or folder, worked out now where they are not known."""
        ...

    def state(self, actor: Actor) -> LibraryState:
        """How far the library is."""
        ...

    def verify(self, actor: Actor, names: Sequence[str] = ()) -> Iterator[Verified]:
        """Read models again, and say which are damaged."""
        ...

    def rescan(self, actor: Actor) -> Rescanned:
        """Look through all folders again."""
        ...

    def folders(self, actor: Actor) -> tuple[ModelFolder, ...]:
        """The folders that the models come from."""
        ...

    def add_folder(self, actor: Actor, path: str) -> ModelFolder:
        """Use the models of one folder more, without copying."""
        ...

    def remove_folder(self, actor: Actor, path: str) -> None:
        """Use the models of a folder no more."""
        ...


class Covers(Protocol):
    """Small versions of the pictures that lie beside models."""

    def of(self, actor: Actor, model_id: str) -> Path:
        """The file of a model's."""
        ...


class Notes(Protocol):
    """What the owner notes about models."""

    def get(self, actor: Actor, model_id: str) -> str:
        """The note on a model."""
        ...

    def put(self, actor: Actor, model_id: str, text: str) -> None:
        """Keep a note in place of the one before."""
        ...


class Memory(Protocol):
    """Whether a picture fits into memory, and what memory there is."""

    def plan(self, actor: Actor, request: PlanRequest) -> PlanView:
        """The fastest way that fits, or what is missing."""
        ...

    def plan_unseen(self, actor: Actor, family: Family, size: int) -> PlanView | None:
        """How a model that is not here would fit; None where it draws nothing by itself."""
        ...

    def state(self, actor: Actor) -> MemoryState:
        """How full the memory is, and who holds it."""
        ...

    def usual(self, actor: Actor) -> UsualMemory:
        """What counts for every picture that says nothing else."""
        ...

    def set_usual(self, actor: Actor, usual: UsualMemory) -> None:
        """Keep it in place of what counted before."""
        ...


class Verbs(Protocol):
    """Studio, as far as the doors use it."""

    @property
    def generation(self) -> Generation:
        """Asking for pictures."""
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
