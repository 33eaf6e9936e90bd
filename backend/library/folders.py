"""The folders that the library looks through: Easel's own, and those a person pointed at."""

import os
import threading
from pathlib import Path

from pydantic import RootModel

from backend.library.installations.installation import Root
from backend.library.installations.known import installation_at, program_of
from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.library import ModelFolder

_OWN_LABEL = "models"


class _Chosen(Frozen):
    path: str
    label: str


class _AllChosen(RootModel[tuple[_Chosen, ...]]):
    pass


class Folders:
    """The models folder and others, the latter kept in one JSON file. Safe from several threads."""

    def __init__(self, own: Path, settings: Path) -> None:
        """Look through `own`, and through what the file `settings` names."""
        self._own = own
        self._settings = settings
        self._lock = threading.Lock()

    def all(self) -> tuple[ModelFolder, ...]:
        """Every folder, Easel's own first, with what is wrong with it now."""
        own = ModelFolder(path=str(self._own), label=_OWN_LABEL, program="Easel", own=True)
        others = (
            ModelFolder(
                path=each.path,
                label=each.label,
                program=program_of(Path(each.path)),
                problem=_trouble(Path(each.path)),
            )
            for each in self._read()
        )
        return (own, *others)

    def roots(self) -> tuple[Root, ...]:
        """What to look through; ids of Easel's own files begin with nothing."""
        others = (installation_at(Path(each.path), each.label) for each in self._read())
        return (Root(self._own, ""), *(root for each in others for root in each.roots))

    def holding(self, folder: Path) -> ModelFolder | None:
        """The folder of the library that is this one, or that it lies in."""
        holds = (each for each in self.all() if folder.is_relative_to(Path(each.path).resolve()))
        return next(holds, None)

    def add(self, path: str) -> ModelFolder:
        """Look through one folder more; nothing in it is copied or changed.

        Raises:
            RequestError: When it is none that can be read, or is looked through already.
            OutputError: When the settings cannot be written.
        """
        folder = usable_folder(path)
        with self._lock:
            chosen = self._read()
            for known in (self._own, *(Path(each.path) for each in chosen)):
                if folder.is_relative_to(known.resolve()):
                    where = "is" if folder == known.resolve() else f"lies in {known}, which is"
                    raise RequestError(f"{folder} {where} in the library already.", "Rescan it.")
            new = _Chosen(path=str(folder), label=_label(folder, {each.label for each in chosen}))
            self._write((*chosen, new))
        return next(each for each in self.all() if each.path == new.path)

    def remove(self, path: str) -> None:
        """Look through a folder no more; nothing in it is deleted.

        Args:
            path: The folder, or its label.

        Raises:
            NotFoundError: When it is none of them.
            RequestError: When it is Easel's own.
            OutputError: When the settings cannot be written.
        """
        asked = path.strip()
        if asked in (str(self._own), _OWN_LABEL):
            raise RequestError(
                "Easel's own models folder stays.", "EASEL_MODELS chooses another one."
            )
        meant = {asked, str(Path(asked).expanduser().absolute())}
        with self._lock:
            chosen = self._read()
            kept = tuple(each for each in chosen if not {each.path, each.label} & meant)
            if len(kept) == len(chosen):
                known = ", ".join(each.path for each in chosen) or "no other folder"
                raise NotFoundError(f"{asked} is not in the library.", f"There is {known}.")
            self._write(kept)

    def _read(self) -> tuple[_Chosen, ...]:
        try:
            return _AllChosen.model_validate_json(self._settings.read_bytes()).root
        except (OSError, ValueError):
            return ()

    def _write(self, chosen: tuple[_Chosen, ...]) -> None:
        write_atomically(self._settings, _AllChosen(chosen).model_dump_json(indent=1).encode())


def usable_folder(path: str) -> Path:
    """The folder that a person named, absolute and without links.

    Raises:
        RequestError: When there is none, or the system does not let us read it.
    """
    asked = path.strip().encode(errors="replace").decode()  # a text may hold half a character
    try:
        folder = Path(asked).expanduser().resolve()
        is_folder = bool(asked) and folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # a null character, no home
        folder, is_folder = Path(), False
    if not is_folder:
        hint = "Write the whole path of a folder, as a file manager shows it."
        raise RequestError(f"There is no folder “{asked[:300]}”.", hint)
    trouble = _trouble(folder)
    if trouble:
        raise RequestError(trouble, "Give yourself the right to read it.")
    return folder


def _trouble(folder: Path) -> str:
    """Why a folder cannot be looked through, as a sentence; empty where it can."""
    try:
        with os.scandir(folder):
            return ""
    except FileNotFoundError:
        return f"The folder {folder} is not there now."
    except OSError as error:
        return f"The folder {folder} cannot be read: {error.strerror}."


def _label(folder: Path, taken: set[str]) -> str:
    """A short name that no other folder has."""
    name = folder.name or "folder"
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(label for label in numbered if label not in taken)
