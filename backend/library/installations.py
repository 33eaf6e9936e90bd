"""Where the models are in a folder that a person points at: another program's, or any."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from backend.library.folder_kinds import kind_of_folder
from backend.schema.models import ModelKind

_EXTRA_PATHS = "extra_model_paths.yaml"
_COMFYUI_MARKS = ("comfy", "folder_paths.py", _EXTRA_PATHS)
_A1111_MARKS = ("webui.py", "launch.py", "models/Stable-diffusion")
_NO_MODELS = frozenset({"custom_nodes", "configs", "download_model_base", "is_default"})
_LARGEST_CONFIG = 1_000_000


@dataclass(frozen=True)
class Root:
    """A folder to look through."""

    path: Path
    name: str
    """What ids of files below it begin with."""
    kind: ModelKind | None = None
    """What all of it is for; None where its subfolders' names say it."""


def program_of(folder: Path) -> str:
    """Whose folder it is, in words."""
    if (folder / "models").is_dir():
        if any((folder / mark).exists() for mark in _COMFYUI_MARKS):
            return "ComfyUI"
        if any((folder / mark).exists() for mark in _A1111_MARKS):
            return "AUTOMATIC1111 or Forge"
    return "a folder"


def roots_of(folder: Path, label: str) -> tuple[Root, ...]:
    """The folders with models of an installation; ids of files below them begin with `label`."""
    program = program_of(folder)
    if program == "a folder":
        return (Root(folder, f"{label}:", kind_of_folder(folder.name)),)
    models = Root(folder / "models", f"{label}:models/")
    if program == "ComfyUI":
        return (models, *_extra_roots(folder / _EXTRA_PATHS, label))
    return (models, Root(folder / "embeddings", f"{label}:embeddings/", ModelKind.EMBEDDING))


def _extra_roots(config: Path, label: str) -> Iterator[Root]:
    """The folders of ComfyUI's `extra_model_paths.yaml`.

    Each section names folders for each kind, one a line, from its `base_path` on, which may begin
    with `~` or hold environment variables.

    Source: the example file in the ComfyUI repository.
    """
    for section, entries in _sections(config):
        base = config.parent / _expanded(str(entries.get("base_path") or ""))
        for key, value in entries.items():
            if key == "base_path" or key in _NO_MODELS or not isinstance(value, str):
                continue
            lines = [line.strip() for line in value.splitlines() if line.strip()]
            for number, line in enumerate(lines, 1):
                count = f"-{number}" if len(lines) > 1 else ""
                name = f"{label}:{section}/{key}{count}/"
                yield Root(base / _expanded(line), name, kind_of_folder(key))


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def _sections(config: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The sections of a file that may be absent, broken or of any shape."""
    try:
        if config.stat().st_size > _LARGEST_CONFIG:
            return
        parsed: object = yaml.safe_load(config.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return
    if not isinstance(parsed, dict):
        return
    for section, entries in cast("dict[object, object]", parsed).items():
        if isinstance(entries, dict):
            pairs = cast("dict[object, object]", entries).items()
            yield str(section), {str(key): value for key, value in pairs}
