"""Reading the settings of other programs as data: what is wrong with them becomes a sentence."""

import os
from pathlib import Path, PureWindowsPath

from backend.library.foreign_texts import json_of, text_of, yaml_of
from backend.metadata.loose import Object, as_object, text
from backend.schema.bringing import Unclear

LARGEST = 1_000_000
"""Bytes of a settings file; real ones have some thousand."""


class Notes:
    """What was not understood of an installation."""

    def __init__(self, folder: Path) -> None:
        """Tell files below `folder` by their paths from there."""
        self.folder = folder
        self._unclear: dict[Unclear, None] = {}

    @property
    def unclear(self) -> tuple[Unclear, ...]:
        """What was not understood so far."""
        return tuple(self._unclear)

    def note(self, file: Path, reason: str) -> None:
        """Note that something in a file was not understood.

        Args:
            file: The file.
            reason: A sentence.
        """
        self._unclear[Unclear(file=told(file, self.folder), reason=reason)] = None


class Settings(Notes):
    """The settings files of one installation, and what was not understood in them."""

    def text(self, file: Path) -> str:
        """A file's text; empty where there is none, or where it cannot be read."""
        return (text_of(file, self.note, LARGEST) if is_file(file) else None) or ""

    def json(self, file: Path) -> Object:
        """A JSON file's object; an empty one where there is none."""
        return self._object(file, json_of(file, self.note, LARGEST) if is_file(file) else None)

    def yaml(self, file: Path) -> Object:
        """A YAML file's mapping; an empty one where there is none."""
        return self._object(file, yaml_of(file, self.note, LARGEST) if is_file(file) else None)

    def named(self, value: object, file: Path, key: str, base: Path | None = None) -> Path | None:
        """The folder that a setting names, where it is there.

        Args:
            value: The setting; a path that may begin with `~` or hold environment variables.
            file: Where it stands.
            key: Its name.
            base: Where relative paths begin; the installation where it is None. One that is not
                there is a default that nobody used, and is passed over without a word.
        """
        path = text(value)
        if not path:
            return None
        folder = expanded(path, base or self.folder)
        if folder and is_there(folder):
            return folder
        if folder is None or Path(path).is_absolute() or PureWindowsPath(path).is_absolute():
            self.note(file, f"“{key}” names {path[:300]}, which is not there.")
        return None

    def _object(self, file: Path, parsed: object) -> Object:
        if not isinstance(parsed, dict | None):
            self.note(file, "It does not hold settings as it should.")
        return {str(key): value for key, value in as_object(parsed).items()}


def told(file: Path, folder: Path) -> str:
    """A file's path below a folder where it lies there, else the whole path; one that can be sent.

    Args:
        file: The file.
        folder: The folder.
    """
    short = file.relative_to(folder) if file.is_relative_to(folder) else file
    return short.as_posix().encode(errors="replace").decode()


def expanded(path: str, base: Path) -> Path | None:
    """The path that a person's settings mean; None where it is none."""
    try:
        return base / Path(os.path.expandvars(path)).expanduser()
    except (RuntimeError, ValueError):  # no such home
        return None


def is_there(folder: Path) -> bool:
    """Whether it is a folder that can be seen; no right to look counts as none."""
    return os.path.isdir(folder)  # noqa: PTH112  pathlib raises


def is_file(file: Path) -> bool:
    """Whether it is a file that can be seen; no right to look counts as none."""
    return os.path.isfile(file)  # noqa: PTH113  pathlib raises
