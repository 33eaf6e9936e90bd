"""Where a model may be put, and what it may be called."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from backend.library.checkpoints import is_starter
from backend.library.folder_kinds import kind_of_folder
from backend.library.model_folders import is_model_folder
from backend.schema.errors import NotAllowedError, RequestError
from backend.schema.library import LibraryEntry, ModelFolder
from backend.schema.models import ModelKind

_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
"""What Windows has no names with; disks are carried from one system to another."""
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)
"""Windows opens a device under these names, whatever their endings."""
_LONGEST_NAME = 200
"""Bytes; the longest ending of a side-car still fits into a file system's 255."""


def home_of(entry: LibraryEntry, folders: Iterable[ModelFolder]) -> Path:
    """The folder of the library that a model lies in, within which it may be changed.

    Raises:
        NotAllowedError: When it is the starter, a whole folder that was added, or lies in a folder
            that another program's settings named.
    """
    path = Path(entry.path)
    if is_starter(entry.id):
        raise NotAllowedError("The starter model stays as it is.", "Choose another model.")
    homes = [Path(folder.path) for folder in folders]
    if path in homes:
        raise NotAllowedError(
            f"{path} is a folder that was added as a whole.",
            "Take it out of the list of folders, and change it in a file manager.",
        )
    inside = [home for home in homes if path.is_relative_to(home)]
    if not inside:
        raise NotAllowedError(
            f"{path} lies outside the folders that Easel may change.",
            "Add its folder to the list of folders, or change it in a file manager.",
        )
    return max(inside, key=lambda home: len(home.parts))


def checked_name(asked: str) -> str:
    """A name that every system takes, without the blanks around it.

    Raises:
        RequestError: When it is none.
    """
    name = asked.strip()
    trouble = ""
    if not name:
        trouble = "A name must not be empty."
    elif len(name.encode(errors="replace")) > _LONGEST_NAME:
        trouble = f"“{name[:40]}…” is too long for a file's name."
    elif name.startswith(".") or name.endswith("."):
        trouble = f"“{name}” begins or ends with a dot: such files are hidden or refused."
    elif not name.isprintable() or _NOT_IN_NAMES & set(name):
        trouble = f"“{name!r}”" if not name.isprintable() else f"“{name}”"
        trouble += " has characters that no file's name may have."
    elif name.partition(".")[0].casefold() in _DEVICES:
        trouble = f"“{name}” is the name of a device on Windows."
    if trouble:
        raise RequestError(trouble, "Use letters, digits, blanks, dashes and underscores.")
    return name


def folder_below(home: Path, asked: str) -> Path:
    """The folder that a person named, below `home`; links within it are the owner's own.

    Args:
        home: A folder of the library.
        asked: Its path from there on, such as `loras/styles`; it need not be there yet.

    Raises:
        RequestError: When it leads elsewhere, into a model, or has names that are none.
    """
    folder = home
    for part in PurePosixPath(asked.strip().replace("\\", "/")).parts:
        folder /= checked_name(part)
        if is_model_folder(folder):
            raise RequestError(f"{folder} is a model itself.", "Choose another folder.")
    return folder


def right_folder(home: Path, kind: ModelKind, program: str) -> Path:
    """The folder for models of a kind: the one that is there, or Easel's usual name for it.

    Raises:
        RequestError: When files of that kind have no folder.
    """
    if not kind.folder:
        raise RequestError(
            f"Easel has no folder for a {kind.label}.", "Name the folder to move it to."
        )
    models = home / "models" if program not in ("Easel", "a folder") else home
    there = sorted(each for each in models.iterdir() if kind_of_folder(each.name) is kind)
    usual = models / kind.folder
    return usual if usual in there or not there else there[0]
