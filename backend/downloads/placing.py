"""Giving a checked file its name, in the folder for what it really is."""

import errno
import shutil
from pathlib import Path

from backend.downloads.names import free_path
from backend.downloads.part import disk_error
from backend.schema.models import ModelFile, ModelKind

OTHER_FOLDER = "other"
"""Below the models folder, for whole files of kinds that Easel does not know."""


def folder_for(models: Path, kind: ModelKind) -> Path:
    """Where files of a kind belong."""
    return models / (kind.folder or OTHER_FOLDER)


def right_folder(models: Path, asked: Path, found: ModelFile | None) -> Path:
    """Where a file belongs once its header was read.

    Args:
        models: The models folder.
        asked: Where it would go as far as the hub tells.
        found: What its header says; None for a pickle.
    """
    if found is None or not found.kind.folder:
        return asked
    return folder_for(models, found.kind)


def put(unfinished: Path, folder: Path, name: str) -> Path:
    """Give a file its name, in one step and without taking another file's.

    Raises:
        OutputError: When the disk refuses it.
    """
    target = free_path(folder, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _move(unfinished, target)
    except OSError as error:
        raise disk_error(target, error) from error
    return target


def put_at(unfinished: Path, target: Path) -> Path:
    """Give a file just this name, in one step, in the place of what had it.

    Raises:
        OutputError: When the disk refuses it.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(unfinished, target)
    except OSError as error:
        raise disk_error(target, error) from error
    return target


def set_aside(unfinished: Path, name: str) -> Path:
    """Keep a damaged file under a name that no program takes for a model."""
    target = unfinished.with_name(name)
    unfinished.replace(target)
    return target


def _move(source: Path, target: Path) -> None:
    """Rename; where the folder is on another disk, copy, so that it still appears as a whole."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = target.with_name(f"{target.name}.part")
        try:
            shutil.copyfile(source, copy)
            copy.replace(target)
        finally:
            copy.unlink(missing_ok=True)
        source.unlink()
