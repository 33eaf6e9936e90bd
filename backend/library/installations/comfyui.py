"""ComfyUI, with the folders of its `extra_model_paths.yaml`.

Source: `folder_paths.py` and the example of that file in its repository; the folders of wildcards
and styles are those of the Impact Pack and of the SDXL Prompt Styler.
"""

import configparser
from collections.abc import Iterator
from pathlib import Path

from backend.library.folder_kinds import kind_of_folder
from backend.library.installations.installation import Installation, Program, Root, outermost
from backend.library.installations.settings import Settings, expanded, is_there
from backend.metadata.loose import as_object, text

_NAME = "ComfyUI"
_EXTRA_PATHS = "extra_model_paths.yaml"
_MARKS = ("comfy", "folder_paths.py", _EXTRA_PATHS)
_NO_MODELS = frozenset({"custom_nodes", "configs", "download_model_base", "is_default"})
_WILDCARDS = ("wildcards", "custom_nodes/*/wildcards", "custom_nodes/*/custom_wildcards")
_STYLES = ("styles*.csv", "custom_nodes/*prompt_styler*/*.json")


def _is_at(folder: Path) -> bool:
    return (folder / "models").is_dir() and any((folder / mark).exists() for mark in _MARKS)


def _read(folder: Path, label: str) -> Installation:
    settings = Settings(folder)
    models = Root(folder / "models", f"{label}:models/")
    there = [found for pattern in _WILDCARDS for found in sorted(folder.glob(pattern))]
    return Installation(
        program=_NAME,
        roots=(models, *_extra_roots(settings, label)),
        styles=tuple(found for pattern in _STYLES for found in sorted(folder.glob(pattern))),
        wildcards=outermost((*there, *_named_wildcards(settings))),
        outputs=outermost((folder / "output",)),
        unclear=settings.unclear,
    )


def _extra_roots(settings: Settings, label: str) -> Iterator[Root]:
    """The folders of ComfyUI's `extra_model_paths.yaml`.

    Each section names folders for each kind, one a line, from its `base_path` on, which may begin
    with `~` or hold environment variables.
    """
    config = settings.folder / _EXTRA_PATHS
    for section, value in settings.yaml(config).items():
        if not isinstance(value, dict):
            if value is not None:
                settings.note(config, f"“{section[:300]}” is no list of folders.")
            continue
        entries = as_object(value)
        base = expanded(text(entries.get("base_path")), config.parent)
        if base is None or not is_there(base):
            settings.note(config, f"“{section[:300]}” lies in {base}, which is not there.")
            continue
        for key, named in entries.items():
            if key == "base_path" or key in _NO_MODELS or not isinstance(named, str):
                continue
            lines = [line.strip() for line in named.splitlines() if line.strip()]
            for number, line in enumerate(lines, 1):
                count = f"-{number}" if len(lines) > 1 else ""
                root = settings.named(line, config, f"{section}: {key}", base)
                if root:
                    yield Root(root, f"{label}:{section}/{key}{count}/", kind_of_folder(str(key)))


def _named_wildcards(settings: Settings) -> Iterator[Path]:
    """The folder that the Impact Pack's settings name."""
    for config in sorted(settings.folder.glob("custom_nodes/*/impact-pack.ini")):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(settings.text(config))
        except configparser.Error:
            settings.note(config, "It is not the INI that was expected.")
            continue
        for section in parser.sections():
            value = parser.get(section, "custom_wildcards", fallback="")
            folder = settings.named(value, config, "custom_wildcards", config.parent)
            if folder:
                yield folder


PROGRAM = Program(_NAME, _is_at, _read)
