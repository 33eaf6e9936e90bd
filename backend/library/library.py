"""The models on this machine: what there is, and what a person means by a name."""

import threading
from collections.abc import Callable
from pathlib import Path

from backend.library.checkpoints import STARTER, STARTER_CONTROL, describe_checkpoint
from backend.library.components import choose
from backend.library.controls import controls_here
from backend.library.folders import Folders
from backend.library.hashing import Hasher, sampled_hash
from backend.library.index import Index
from backend.library.installations.installation import Root
from backend.library.keeper import Keeper, unhashed
from backend.library.listing import Listing, Offered
from backend.library.model_folders import is_model_folder
from backend.library.preprocessor_weights import find_weights
from backend.library.reading import entry_of, read_facts
from backend.library.scanning import Scanner
from backend.library.uncollected import uncollected
from backend.library.upscalers import STARTER_FILE, upscalers_here
from backend.library.walking import found_file, found_folder
from backend.places import Places
from backend.schema.catalogue import Catalogue, CheckpointInfo, ComponentInfo
from backend.schema.controls import ControlInfo, WeightsInfo
from backend.schema.errors import ModelDamagedError, ModelMissingError, NotFoundError
from backend.schema.library import Hashes, LibraryEntry, LibraryState, Rescanned
from backend.schema.models import Role
from backend.schema.upscaling import UpscalerHere

_LISTED = 12


class Library:
    """The models in the models folder and in the folders of other programs.

    Without `start` it looks through them when somebody first asks. Safe to use from several
    threads.
    """

    def __init__(self, places: Places, catalogue: Catalogue) -> None:
        """Look in `places.models`; remember what was read in `places.data`."""
        self._places = places
        families = {family.id: family for family in catalogue.families}
        self._offered = Offered(families, catalogue.steering)
        self.folders = Folders(places.models, places.data / "model-folders.json")
        self._index = Index(places.data / "library.sqlite3")
        self._scanner = Scanner(self._roots, self._index)
        self._hasher = Hasher(self._index)
        self._keeper: Keeper | None = None
        self._lock = threading.Lock()
        self._listing: Listing | None = None

    def start(self, busy: Callable[[], bool] = lambda: False) -> None:
        """Scan in a thread of its own, then work out hashes whenever not `busy`."""
        self._keeper = Keeper(self._scanner, self._hasher, busy)
        self._keeper.start()

    def close(self) -> None:
        """End what is under way."""
        if self._keeper:
            self._keeper.close()
        self._index.close()

    @property
    def state(self) -> LibraryState:
        """How far it is."""
        return LibraryState(
            scanning=self._scanner.scanning,
            revision=self._scanner.revision,
            unhashed=len(unhashed(self._scanner)),
        )

    def rescan(self) -> Rescanned:
        """Look through all folders, opening only what is new or changed."""
        return self._scanner.scan()

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every model file and folder, by id."""
        entries = self._scanner.entries()
        return tuple(entries[each] for each in sorted(entries))

    def entry(self, entry_id: str) -> LibraryEntry:
        """One of them.

        Raises:
            NotFoundError: When there is none.
        """
        entry = self._scanner.entries().get(entry_id)
        if entry is None:
            raise NotFoundError("There is no such model.", "Rescan the models folder.")
        return entry

    def checkpoints(self) -> tuple[CheckpointInfo, ...]:
        """What can draw, by name, refiners after it, the starter last; then what cannot."""
        return self._listed().checkpoints

    def components(self) -> tuple[ComponentInfo, ...]:
        """The VAEs and text encoders that can be chosen, by name."""
        return self._listed().components

    def controls(self) -> tuple[ControlInfo, ...]:
        """The control models: ControlNets, T2I-Adapters, IP-Adapters, by name; broken ones last."""
        return self._listed().controls

    def control_at(self, path: Path) -> ControlInfo | None:
        """Any control model on this machine, as it would be listed; None where there is none."""
        try:
            entry = self.look(path)
        except ModelMissingError:
            return None
        there = (*self.entries(), entry)
        found = controls_here(there, self._offered.steering, entry.id)
        return next(iter(found), None)

    def upscalers(self) -> tuple[UpscalerHere, ...]:
        """The models that enlarge pictures, the starter's last."""
        starter = self._places.root / "models" / STARTER / STARTER_FILE
        return upscalers_here(self.entries(), starter)

    def weights(self, wanted: WeightsInfo) -> Path | None:
        """A file that a preprocessor needs, of whichever program; None where it is not here."""
        others = [Path(each.path) for each in self.folders.all() if not each.own]
        return find_weights(wanted, self._places.models, others)

    def automatic(self, checkpoint: CheckpointInfo) -> dict[Role, ComponentInfo]:
        """The files for the parts that a checkpoint does not hold, as far as there are any."""
        return choose(checkpoint, self.components())

    def find(self, name: str | None, *, anywhere: bool = False) -> CheckpointInfo:
        """The checkpoint that `name` means; None means the first.

        Args:
            name: Its id, its name, its file's name with or without ending, or a hash that other
                programs know it by.
            anywhere: Whether the absolute path of any file may be meant too.

        Raises:
            ModelMissingError: When there is none; the hint lists what there is.
        """
        if not name:
            self._scanner.settle()
        found = self._meant(name)
        if found is None or not _unchanged(found):
            self._scanner.scan()
            found = self._meant(name)
        if found is None and name and anywhere and Path(name).expanduser().is_absolute():
            found = self.described(self.look(Path(name).expanduser()))
        if found is not None:
            return found
        if not name:
            raise ModelMissingError(
                "No checkpoint is installed.", f"Put one into {self._places.models}."
            )
        there = [f"“{info.name}”" for info in self.checkpoints() if not info.problem]
        known = ", ".join(there[:_LISTED]) + (" and others" if len(there) > _LISTED else "")
        hint = f"There is {known}." if there else f"Put it into {self._places.models}."
        raise ModelMissingError(f"The checkpoint “{name}” is not installed.", hint)

    def look(self, path: Path) -> LibraryEntry:
        """Any file or diffusers folder on this machine, as the library would list it.

        Raises:
            ModelMissingError: When there is no such file, or it is a folder of something else.
        """
        whole = path.absolute()
        listed = self._scanner.entries().values()
        known = next((entry for entry in listed if Path(entry.path) == whole), None)
        try:
            if known and _unchanged(known):
                return known
            is_model = whole.is_file() or is_model_folder(whole)
            find = found_folder if whole.is_dir() else found_file
            found = find(str(whole), str(whole)) if is_model else None
        except (OSError, ValueError):
            found = None
        if found is None:
            raise ModelMissingError(
                f"There is no model at “{path}”.", "Name a model file or a diffusers folder."
            )
        return entry_of(found, read_facts(found))

    def sha256(self, path: Path, name: str) -> str:
        """The fingerprint of all weights of a checkpoint, in hexadecimal.

        The first time it reads the whole checkpoint (about a second for each gigabyte).

        Args:
            path: The file or folder.
            name: What people call it.

        Raises:
            ModelMissingError: When it is gone.
            ModelDamagedError: When it has no weights, or they cannot be read.
        """
        try:
            return self._hasher.sha256(path)
        except FileNotFoundError as error:
            raise ModelMissingError(
                f"The checkpoint “{name}” is not there any more.", "Put it back, or rescan."
            ) from error
        except OSError as error:
            raise ModelDamagedError(
                f"The checkpoint “{name}” cannot be read: {error.strerror}.",
                "Check the disk and the files' rights.",
            ) from error

    def hashes(self, path: Path) -> Hashes:
        """All hashes of a file or folder, worked out now where they are not known.

        Raises:
            ModelDamagedError: When it cannot be read.
        """
        try:
            return self._hasher.hashes(path)
        except OSError as error:
            raise _unreadable(path, error) from error

    def sampled_hash(self, path: Path) -> str:
        """A1111's old hash of a file; empty for a folder.

        Raises:
            ModelDamagedError: When it cannot be read.
        """
        try:
            return sampled_hash(path)
        except OSError as error:
            raise _unreadable(path, error) from error

    def described(self, entry: LibraryEntry) -> CheckpointInfo | None:
        """A file as the picker offers it; None where it is nothing to draw with."""
        return describe_checkpoint(entry, self._offered.families, self.components())

    def _roots(self) -> tuple[Root, ...]:
        """The folders to look through; the starter is there wherever models are kept."""
        starter = self._places.root / "models" / STARTER
        control = self._places.root / "models" / STARTER_CONTROL
        return (Root(starter, STARTER), Root(control, STARTER_CONTROL), *self.folders.roots())

    def _meant(self, name: str | None) -> CheckpointInfo | None:
        entries = self._scanner.entries().values()
        hashes = {entry.id: entry.hashes for entry in entries if entry.hashes}
        return self._listed().find(name, hashes)

    def _listed(self) -> Listing:
        """The checkpoints and components of the entries as they are now."""
        entries, revision = self._scanner.entries(), self._scanner.revision
        with self._lock:
            if self._listing is None or self._listing.revision != revision:
                with uncollected():
                    self._listing = Listing.of(entries.values(), self._offered, revision)
            return self._listing


def _unreadable(path: Path, error: OSError) -> ModelDamagedError:
    return ModelDamagedError(
        f"“{path.name}” cannot be read: {error.strerror}.", "Check the disk and the file's rights."
    )


def _unchanged(known: CheckpointInfo | LibraryEntry) -> bool:
    """Whether the file is still as large as it was."""
    path = Path(known.path)
    try:
        return path.is_dir() or path.stat().st_size == known.bytes
    except OSError:
        return False
