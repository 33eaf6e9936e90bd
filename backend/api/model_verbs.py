"""What the doors need of Studio to tell of models, and to note something about them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from backend.schema.catalogue import Catalogue, CheckpointInfo, ComponentInfo
from backend.schema.controls import ControlChoice
from backend.schema.jobs import Actor
from backend.schema.library import (
    Hashes,
    LibraryEntry,
    LibraryState,
    ModelFolder,
    Rescanned,
    Verified,
)
from backend.schema.models import Role


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

    def controls(self, actor: Actor, checkpoint: str | None = None) -> tuple[ControlChoice, ...]:
        """The control models as they are offered for a checkpoint, those that fit first."""
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
