"""What is known of an installation of another program, and how a program is told apart."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from backend.schema.bringing import Unclear
from backend.schema.models import ModelKind


@dataclass(frozen=True)
class Root:
    """A folder to look through for models, or one model."""

    path: Path
    name: str
    """What ids of files below it begin with, or the one model's id."""
    kind: ModelKind | None = None
    """What all of it is for; None where its subfolders' names say it."""
    title: str = ""
    """What people call the one model, where another program says it."""


@dataclass(frozen=True)
class Installation:
    """Where the things are that a program uses or made; all of it exists."""

    program: str
    roots: tuple[Root, ...]
    styles: tuple[Path, ...] = ()
    """Files: CSV, JSON, or a database of InvokeAI."""
    wildcards: tuple[Path, ...] = ()
    """Folders of text files, or a database of InvokeAI."""
    outputs: tuple[Path, ...] = ()
    """Folders of pictures, none within another."""
    unclear: tuple[Unclear, ...] = ()
    """What was not understood of its settings."""


@dataclass(frozen=True)
class Program:
    """A program whose installations are known."""

    name: str
    is_at: Callable[[Path], bool]
    """Whether a folder is an installation of it."""
    read: Callable[[Path, str], Installation]
    """What is in an installation; ids of its models begin with the text."""


def outermost(folders: Iterable[Path]) -> tuple[Path, ...]:
    """The folders that exist, without those that lie within another of them or come twice."""
    seen = (folder for folder in folders if os.path.isdir(folder))  # noqa: PTH112  pathlib raises
    there = list(dict.fromkeys(folder.resolve() for folder in seen))
    return tuple(
        folder
        for folder in there
        if not any(folder != other and folder.is_relative_to(other) for other in there)
    )
