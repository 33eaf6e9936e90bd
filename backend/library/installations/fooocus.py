"""Fooocus, whose `config.txt` is JSON and names the places of models, wildcards and pictures.

Source: `modules/config.py` and `modules/sdxl_styles.py` in its repository.
"""

from pathlib import Path

from backend.library.installations.installation import Installation, Program, Root, outermost
from backend.library.installations.settings import Settings
from backend.library.installations.webui import config_roots
from backend.schema.models import ModelKind

_NAME = "Fooocus"
_CONFIG, _OLD_CONFIG = "config.txt", "user_path_config.txt"
_KINDS: dict[str, ModelKind | None] = {
    "path_checkpoints": ModelKind.CHECKPOINT,
    "path_loras": ModelKind.LORA,
    "path_embeddings": ModelKind.EMBEDDING,
    "path_vae_approx": ModelKind.PREVIEW_DECODER,
    "path_vae": ModelKind.VAE,
    "path_upscale_models": ModelKind.UPSCALER,
    "path_controlnet": ModelKind.CONTROLNET,
    "path_clip_vision": ModelKind.CLIP_VISION,
}
_OLD_KINDS: dict[str, ModelKind | None] = {
    "modelfile_path": ModelKind.CHECKPOINT,
    "lorafile_path": ModelKind.LORA,
    "embeddings_path": ModelKind.EMBEDDING,
    "upscale_models_path": ModelKind.UPSCALER,
    "controlnet_models_path": ModelKind.CONTROLNET,
}


def _is_at(folder: Path) -> bool:
    marks = ("fooocus_version.py", "sdxl_styles")
    return (folder / "models").is_dir() and any((folder / mark).exists() for mark in marks)


def _read(folder: Path, label: str) -> Installation:
    settings = Settings(folder)
    config, old = folder / _CONFIG, folder / _OLD_CONFIG
    values, old_values = settings.json(config), settings.json(old)
    named = {
        key: settings.named(values.get(key), config, key)
        for key in ("path_outputs", "path_wildcards")
    }
    old_outputs = settings.named(old_values.get("temp_outputs_path"), old, "temp_outputs_path")
    return Installation(
        program=_NAME,
        roots=(
            Root(folder / "models", f"{label}:models/"),
            *config_roots(settings, config, values, _KINDS, label),
            *config_roots(settings, old, old_values, _OLD_KINDS, label),
        ),
        styles=tuple(sorted(folder.glob("sdxl_styles/*.json"))),
        wildcards=outermost((named["path_wildcards"] or folder / "wildcards",)),
        outputs=outermost((named["path_outputs"] or old_outputs or folder / "outputs",)),
        unclear=settings.unclear,
    )


PROGRAM = Program(_NAME, _is_at, _read)
