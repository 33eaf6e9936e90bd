"""What the web UIs of AUTOMATIC1111's kind have in common: options, output folders, extensions.

Source: `modules/cmd_args.py`, `modules/styles.py`, `modules/shared_options.py` and `webui-user.bat`
in the repositories of AUTOMATIC1111's web UI and of Forge.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from backend.library.installations.command_line import Options
from backend.library.installations.installation import Root
from backend.library.installations.settings import Settings, is_there
from backend.schema.models import ModelKind

_FOLDER_OPTIONS: dict[str, ModelKind | None] = {
    "--models-dir": None,
    "--ckpt-dir": ModelKind.CHECKPOINT,
    "--ckpt-dirs": ModelKind.CHECKPOINT,
    "--vae-dir": ModelKind.VAE,
    "--vae-dirs": ModelKind.VAE,
    "--lora-dir": ModelKind.LORA,
    "--lora-dirs": ModelKind.LORA,
    "--lyco-dir": ModelKind.LORA,
    "--text-encoder-dir": ModelKind.TEXT_ENCODER,
    "--text-encoder-dirs": ModelKind.TEXT_ENCODER,
    "--embeddings-dir": ModelKind.EMBEDDING,
    "--hypernetwork-dir": ModelKind.HYPERNETWORK,
    "--controlnet-dir": ModelKind.CONTROLNET,
    "--esrgan-models-path": ModelKind.UPSCALER,
    "--realesrgan-models-path": ModelKind.UPSCALER,
    "--bsrgan-models-path": ModelKind.UPSCALER,
    "--swinir-models-path": ModelKind.UPSCALER,
    "--dat-models-path": ModelKind.UPSCALER,
    "--gfpgan-models-path": ModelKind.FACE_RESTORER,
    "--codeformer-models-path": ModelKind.FACE_RESTORER,
}
_USUAL_OUTPUTS = ("outputs", "output", "log/images")
_NO_OUTPUTS = "outdir_init_images"
"""What a person drew from, not what came of it."""


def home_of(settings: Settings, options: Options) -> Path:
    """Where a person's data are: the installation, unless an option names another folder."""
    for value, file in options.get("--data-dir", ()):
        folder = settings.named(value, file, "--data-dir")
        if folder:
            return folder
    return settings.folder


def option_roots(settings: Settings, options: Options, label: str) -> Iterator[Root]:
    """The folders of models that options name."""
    for option, kind in _FOLDER_OPTIONS.items():
        values = options.get(option, ())
        for number, (value, file) in enumerate(values, 1):
            folder = settings.named(value, file, option)
            if folder:
                count = f"-{number}" if len(values) > 1 else ""
                yield Root(folder, f"{label}:{option.removeprefix('--')}{count}/", kind)


def option_styles(settings: Settings, options: Options, home: Path) -> Iterator[Path]:
    """The files of styles that an option names, which may hold `*`."""
    for value, file in options.get("--styles-file", ()):
        pattern = home / value
        there = sorted(pattern.parent.glob(pattern.name)) if is_there(pattern.parent) else []
        if not there:
            settings.note(file, f"“--styles-file” names {value[:300]}, which is not there.")
        yield from there


def output_folders(settings: Settings, config: Path, home: Path) -> Iterator[Path]:
    """The folders that pictures were saved in."""
    yield from (home / usual for usual in _USUAL_OUTPUTS)
    for key, value in settings.json(config).items():
        if key.startswith("outdir_") and key != _NO_OUTPUTS:
            folder = settings.named(value, config, key, home)
            if folder:
                yield folder


def extension_wildcards(home: Path) -> Iterator[Path]:
    """The folders of wildcards of the usual extensions: “wildcards”, “dynamic prompts”."""
    yield home / "wildcards"
    yield home / "scripts" / "wildcards"
    for extensions in ("extensions", "extensions-builtin"):
        yield from sorted(home.glob(f"{extensions}/*/wildcards"))


def config_roots(
    settings: Settings,
    config: Path,
    values: Mapping[str, object],
    kinds: Mapping[str, ModelKind | None],
    label: str,
) -> Iterable[Root]:
    """The folders of models that a config names.

    Args:
        settings: The installation's.
        config: The file.
        values: What is in it; a key's value is a path or a list of them.
        kinds: What the folders under its keys are for.
        label: What ids begin with.
    """
    for key, kind in kinds.items():
        value = values.get(key)
        paths: list[object] = list(value) if isinstance(value, list) else [value]
        for number, path in enumerate(paths, 1):
            folder = settings.named(path, config, key)
            if folder:
                count = f"-{number}" if len(paths) > 1 else ""
                yield Root(folder, f"{label}:{key}{count}/", kind)
