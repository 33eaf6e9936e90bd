"""AUTOMATIC1111's web UI and Forge, which has the same folders."""

from pathlib import Path

from backend.library.installations.command_line import options_of
from backend.library.installations.installation import Installation, Program, Root, outermost
from backend.library.installations.settings import Settings
from backend.library.installations.webui import (
    extension_wildcards,
    home_of,
    option_roots,
    option_styles,
    output_folders,
)
from backend.schema.models import ModelKind

_NAME = "AUTOMATIC1111 or Forge"
_MARKS = ("webui.py", "launch.py", "models/Stable-diffusion")
_OTHERS = ("--forge-ref-a1111-home", "--forge-ref-comfy-home")


def _is_at(folder: Path) -> bool:
    return (folder / "models").is_dir() and any((folder / mark).exists() for mark in _MARKS)


def _read(folder: Path, label: str) -> Installation:
    settings = Settings(folder)
    options = options_of(settings)
    home = home_of(settings, options)
    config = home / "config.json"
    for option in _OTHERS:
        for value, file in options.get(option, ()):
            settings.note(file, f"It points at {value[:300]}: bring that installation as well.")
    roots = [
        Root(folder / "models", f"{label}:models/"),
        Root(folder / "embeddings", f"{label}:embeddings/", ModelKind.EMBEDDING),
    ]
    if home != folder:
        roots += [
            Root(home / "models", f"{label}:data-dir/models/"),
            Root(home / "embeddings", f"{label}:data-dir/embeddings/", ModelKind.EMBEDDING),
        ]
    own_styles = (*sorted(home.glob("styles*.csv")), *sorted(home.glob("styles/*.csv")))
    styles = dict.fromkeys((*own_styles, *option_styles(settings, options, home)))
    named = settings.named(settings.json(config).get("wildcard_dir"), config, "wildcard_dir", home)
    wildcards = (*extension_wildcards(home), *([named] if named else []))
    return Installation(
        program=_NAME,
        roots=(*roots, *option_roots(settings, options, label)),
        styles=tuple(styles),
        wildcards=outermost(wildcards),
        outputs=outermost(output_folders(settings, config, home)),
        unclear=settings.unclear,
    )


PROGRAM = Program(_NAME, _is_at, _read)
