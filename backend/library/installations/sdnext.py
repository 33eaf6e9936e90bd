"""SD.Next, which has AUTOMATIC1111's folders and keeps their places in its settings.

Source: `modules/shared.py` and `modules/styles.py` in its repository.
"""

from pathlib import Path

from backend.library.installations.command_line import options_of
from backend.library.installations.installation import Installation, Program, Root, outermost
from backend.library.installations.settings import Settings
from backend.library.installations.webui import (
    config_roots,
    extension_wildcards,
    home_of,
    option_roots,
    output_folders,
)
from backend.schema.models import ModelKind

_NAME = "SD.Next"
_KINDS: dict[str, ModelKind | None] = {
    "models_dir": None,
    "ckpt_dir": ModelKind.CHECKPOINT,
    "diffusers_dir": ModelKind.CHECKPOINT,
    "vae_dir": ModelKind.VAE,
    "unet_dir": ModelKind.DIFFUSION_MODEL,
    "te_dir": ModelKind.TEXT_ENCODER,
    "lora_dir": ModelKind.LORA,
    "lyco_dir": ModelKind.LORA,
    "embeddings_dir": ModelKind.EMBEDDING,
    "hypernetwork_dir": ModelKind.HYPERNETWORK,
    "esrgan_models_path": ModelKind.UPSCALER,
    "realesrgan_models_path": ModelKind.UPSCALER,
    "bsrgan_models_path": ModelKind.UPSCALER,
    "swinir_models_path": ModelKind.UPSCALER,
    "gfpgan_models_path": ModelKind.FACE_RESTORER,
    "codeformer_models_path": ModelKind.FACE_RESTORER,
    "control_dir": None,
}


def _is_at(folder: Path) -> bool:
    marks = ("models", "installer.py", "webui.py")
    return all((folder / mark).exists() for mark in marks)


def _read(folder: Path, label: str) -> Installation:
    settings = Settings(folder)
    options = options_of(settings)
    home = home_of(settings, options)
    config = home / "config.json"
    values = settings.json(config)
    roots = [Root(folder / "models", f"{label}:models/")]
    if home != folder:
        roots.append(Root(home / "models", f"{label}:data-dir/models/"))
    styles = [*sorted(home.glob("styles*.csv")), *sorted(home.glob("models/styles/**/*.json"))]
    named_styles = settings.named(values.get("styles_dir"), config, "styles_dir", home)
    if named_styles:
        styles += sorted(named_styles.glob("**/*.json"))
    wildcards = [*extension_wildcards(home), home / "models" / "wildcards"]
    named_wildcards = settings.named(values.get("wildcards_dir"), config, "wildcards_dir", home)
    if named_wildcards:
        wildcards.append(named_wildcards)
    return Installation(
        program=_NAME,
        roots=(
            *roots,
            *config_roots(settings, config, values, _KINDS, label),
            *option_roots(settings, options, label),
        ),
        styles=tuple(dict.fromkeys(styles)),
        wildcards=outermost(wildcards),
        outputs=outermost(output_folders(settings, config, home)),
        unclear=settings.unclear,
    )


PROGRAM = Program(_NAME, _is_at, _read)
