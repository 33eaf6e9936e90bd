"""The checkpoints that are installed, and finding one by what a person calls it."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from backend.library.hashes import HashCache
from backend.library.identify.identify import identify_file
from backend.places import Places
from backend.schema.base import Frozen
from backend.schema.catalogue import Catalogue, CheckpointInfo, FamilyDefaults
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError
from backend.schema.models import ModelFile, ModelKind

STARTER = "starter"
"""The id of the checkpoint that ships with Easel, chosen only where there is no other."""

_INDEX = "model_index.json"
_SIDE_CAR = "easel.json"
_SINGLE_FILE = ".safetensors"
_WEIGHTS = (".safetensors", ".bin")
_PRECISIONS = ("fp32", "fp16", "bf16", "mixed, mostly fp32", "mixed, mostly fp16")
"""What the engine computes from without more ado; quantised files are for later."""
# Folders without a side-car say only which diffusers pipeline they are for.
_FAMILY_OF_PIPELINE = {"StableDiffusionPipeline": "sd15"}


class _Index(Frozen, extra="ignore"):
    """What `model_index.json` tells us."""

    class_name: str = Field("", alias="_class_name")


class _SideCar(Frozen, extra="ignore"):
    """What a checkpoint's own `easel.json` says about it; every part may be missing."""

    name: str = ""
    family: str = ""
    note: str = ""
    defaults: FamilyDefaults | None = None


class Library:
    """The models below the models folder."""

    def __init__(self, places: Places, catalogue: Catalogue) -> None:
        """Look in `places.models`; remember hashes in `places.data`."""
        self._places = places
        self._families = {family.id: family for family in catalogue.families}
        self._hashes = HashCache(places.data / "hashes.json")
        self._identified: dict[tuple[Path, int, int], ModelFile] = {}

    def checkpoints(self) -> tuple[CheckpointInfo, ...]:
        """Every checkpoint of a known family, by name; the starter comes last."""
        found = {
            info.id: info for info in map(self._described, self._places_of_checkpoints()) if info
        }
        return tuple(
            sorted(found.values(), key=lambda info: (info.id == STARTER, info.name.casefold()))
        )

    def find(self, name: str | None) -> CheckpointInfo:
        """The checkpoint that `name` means: its id, its name or its folder's; None means the first.

        Raises:
            ModelMissingError: When there is none; the hint lists what there is.
        """
        there = self.checkpoints()
        if not there:
            raise ModelMissingError(
                "No checkpoint is installed.", f"Put one into {self._places.models}."
            )
        if not name:
            return there[0]
        wanted = name.strip().casefold()
        exact = [info for info in there if info.id == name]
        alike = [info for info in there if wanted in _names(info)]
        if exact or alike:
            return (exact + alike)[0]
        known = ", ".join(f"“{info.name}”" for info in there)
        raise ModelMissingError(f"The checkpoint “{name}” is not installed.", f"There is {known}.")

    def sha256(self, info: CheckpointInfo) -> str:
        """The fingerprint of all weights of a checkpoint, in hexadecimal.

        The first time it reads the whole checkpoint (about a second for each gigabyte).

        Raises:
            ModelDamagedError: When it has no weights, or they cannot be read.
        """
        folder = Path(info.path)
        together = hashlib.sha256()
        try:
            if folder.is_file():
                return self._hashes.sha256(folder)
            weights = sorted(_weights(folder), key=lambda file: file.relative_to(folder).as_posix())
            for file in weights:
                name = file.relative_to(folder).as_posix()
                together.update(f"{name} {self._hashes.sha256(file)}\n".encode())
        except OSError as error:
            sentence = f"The checkpoint “{info.name}” cannot be read: {error.strerror}."
            raise ModelDamagedError(sentence, "Check the disk and the files' rights.") from error
        if not weights:
            raise ModelDamagedError(
                f"The checkpoint “{info.name}” has no weights.", "Copy or download it again."
            )
        return together.hexdigest()

    def _places_of_checkpoints(self) -> Iterator[tuple[str, Path]]:
        """The id and folder, or file, of what may be a checkpoint.

        The one that ships is there wherever models are kept.
        """
        yield STARTER, self._places.root / "models" / STARTER
        for parent, folders, files in os.walk(self._places.models):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            path = Path(parent)
            if _INDEX in files:
                folders.clear()
                yield path.relative_to(self._places.models).as_posix(), path
                continue
            for name in sorted(files):
                if name.endswith(_SINGLE_FILE):
                    file = path / name
                    yield file.relative_to(self._places.models).as_posix(), file

    def _single_file(self, checkpoint: str, file: Path) -> CheckpointInfo | None:
        """A file as a checkpoint, by its header; None where Easel cannot draw with it."""
        try:
            model = self._identify(file)
        except (ModelError, OSError):
            return None
        family = self._families.get(model.family)
        whole = model.kind is ModelKind.CHECKPOINT and not model.needs
        special = any(fact.source == "tensors" for fact in model.variants)
        if family is None or not whole or special or model.precision.label not in _PRECISIONS:
            return None
        return CheckpointInfo(
            id=checkpoint,
            name=model.title or model.name,
            family=family.id,
            path=str(file),
            bytes=model.bytes,
            defaults=family.defaults,
        )

    def _identify(self, file: Path) -> ModelFile:
        """What a file is, remembered while its size and time stay the same."""
        state = file.stat()
        key = (file, state.st_size, state.st_mtime_ns)
        if key not in self._identified:
            self._identified[key] = identify_file(file)
        return self._identified[key]

    def _described(self, place: tuple[str, Path]) -> CheckpointInfo | None:
        """A folder as a checkpoint; None where it is not one that Easel can draw with."""
        checkpoint, folder = place
        if folder.is_file():
            return self._single_file(checkpoint, folder)
        try:
            index = _Index.model_validate_json((folder / _INDEX).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        own = _side_car(folder)
        family = self._families.get(own.family or _FAMILY_OF_PIPELINE.get(index.class_name, ""))
        if family is None:
            return None
        return CheckpointInfo(
            id=checkpoint,
            name=own.name or folder.name,
            family=family.id,
            path=str(folder),
            bytes=sum(file.stat().st_size for file in _weights(folder)),
            defaults=own.defaults or family.defaults,
            note=own.note,
        )


def _side_car(folder: Path) -> _SideCar:
    try:
        return _SideCar.model_validate_json((folder / _SIDE_CAR).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _SideCar()


def _weights(folder: Path) -> list[Path]:
    """The weights: safetensors where there are any, else what PyTorch saved."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    kinds = [[file for file in files if file.suffix == ending] for ending in _WEIGHTS]
    return next((kind for kind in kinds if kind), [])


def _names(info: CheckpointInfo) -> set[str]:
    return {known.casefold() for known in (info.id, info.name, Path(info.path).name)}
