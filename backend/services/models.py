"""What can be chosen, and the folders that it comes from."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.catalogue import Catalogue, CheckpointInfo, ComponentInfo
from backend.schema.controls import ControlChoice
from backend.schema.errors import NotFoundError
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
from backend.services.control_models import choices_for
from backend.services.owner import only_the_owner
from backend.services.verifying import verify


@contextmanager
def open_models(places: Places) -> Generator["Models"]:
    """Open the models without anything else; the page may run on the same data folder."""
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    try:
        yield Models(library, catalogue)
    finally:
        library.close()


class Models:
    """Models of all kinds, samplers, schedules and families. All see all; the owner changes."""

    def __init__(self, library: Library, catalogue: Catalogue) -> None:
        self._library = library
        self._catalogue = catalogue

    def catalogue(self) -> Catalogue:
        """Samplers, schedules and families."""
        return self._catalogue

    def checkpoints(self, actor: Actor) -> tuple[CheckpointInfo, ...]:  # noqa: ARG002
        """What can draw, the starter last, then what looks as if it should and cannot."""
        return self._library.checkpoints()

    def components(self, actor: Actor) -> tuple[ComponentInfo, ...]:  # noqa: ARG002
        """The VAEs and text encoders that can be chosen."""
        return self._library.components()

    def parts_for(self, actor: Actor, checkpoint: CheckpointInfo) -> Mapping[Role, ComponentInfo]:  # noqa: ARG002
        """The files that are chosen for a checkpoint's absent parts where a person chooses none."""
        return self._library.automatic(checkpoint)

    def controls(self, actor: Actor, checkpoint: str | None = None) -> tuple[ControlChoice, ...]:  # noqa: ARG002
        """The control models as they are offered for a checkpoint, those that fit first.

        Args:
            actor: Who asks.
            checkpoint: Its name; None for the first.

        Raises:
            ModelMissingError: When there is no such checkpoint.
        """
        steered = self._library.find(checkpoint)
        there, known = self._library.controls(), self._catalogue.preprocessors
        return choices_for(steered, there, known, self._library)

    def library(self, actor: Actor) -> tuple[LibraryEntry, ...]:  # noqa: ARG002
        """Every model file and folder, by id."""
        return self._library.entries()

    def entry(self, actor: Actor, entry_id: str) -> LibraryEntry:  # noqa: ARG002
        """One of them.

        Raises:
            NotFoundError: When there is none.
        """
        return self._library.entry(entry_id)

    def preview(self, actor: Actor, entry_id: str) -> Path:
        """The picture that lies beside a model.

        Raises:
            NotFoundError: When there is none.
        """
        card = self.entry(actor, entry_id).card
        path = Path(card.preview) if card and card.preview else None
        if path is None or not path.is_file():
            raise NotFoundError("There is no picture of this model.", "Put one beside its file.")
        return path

    def look(self, actor: Actor, path: Path) -> LibraryEntry:
        """Any file or diffusers folder on this machine, as the library would list it.

        Raises:
            NotAllowedError: When a guest asks.
            ModelMissingError: When there is none.
        """
        only_the_owner(actor, "look at files")
        return self._library.look(path)

    def described(self, actor: Actor, entry: LibraryEntry) -> CheckpointInfo | None:  # noqa: ARG002
        """A file as the picker offers it; None where it is nothing to draw with."""
        return self._library.described(entry)

    def hashes(self, actor: Actor, path: Path) -> Hashes:
        """All hashes of a file or folder, worked out now where they are not known.

        Raises:
            NotAllowedError: When a guest asks.
            ModelDamagedError: When it cannot be read.
        """
        only_the_owner(actor, "have files read")
        return self._library.hashes(path)

    def state(self, actor: Actor) -> LibraryState:  # noqa: ARG002
        """How far the library is."""
        return self._library.state

    def verify(self, actor: Actor, names: Sequence[str] = ()) -> Iterator[Verified]:
        """Read all of these models again, or of all models, and say which are damaged.

        Raises:
            NotAllowedError: When a guest asks.
            ModelMissingError: When one of the names is no model's.
        """
        only_the_owner(actor, "have files read")
        return verify(self._library, names)

    def rescan(self, actor: Actor) -> Rescanned:
        """Look through all folders again.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "rescan the models")
        return self._library.rescan()

    def folders(self, actor: Actor) -> tuple[ModelFolder, ...]:
        """The folders that the models come from, Easel's own first.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "see the model folders")
        return self._library.folders.all()

    def add_folder(self, actor: Actor, path: str) -> ModelFolder:
        """Use the models of one folder more, without copying; `rescan` finds them.

        Raises:
            NotAllowedError: When a guest asks.
            RequestError: When it is none that can be read, or is there already.
            OutputError: When the settings cannot be written.
        """
        only_the_owner(actor, "add model folders")
        return self._library.folders.add(path)

    def remove_folder(self, actor: Actor, path: str) -> None:
        """Use the models of a folder no more; nothing is deleted.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When it is none of them.
            RequestError: When it is Easel's own.
            OutputError: When the settings cannot be written.
        """
        only_the_owner(actor, "remove model folders")
        self._library.folders.remove(path)
