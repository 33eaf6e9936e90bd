"""The files that preprocessors need: Easel's own, and those that other programs downloaded."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from backend.schema.controls import WeightsInfo

FOLDER = "preprocessors"
"""Below the models folder."""
_OTHERS = (
    "models/ControlNetPreprocessor",
    "ControlNetPreprocessor",
    "extensions/sd-webui-controlnet/annotator/downloads",
)
"""Where Forge and A1111's extension keep them, by their names, some a folder deeper."""
_COMFYUI = ("custom_nodes/comfyui_controlnet_aux/ckpts", "comfyui_controlnet_aux/ckpts")
"""Where ComfyUI's preprocessors keep them, by repository."""
_NAMED_ALIKE = frozenset({"model.safetensors", "pytorch_model.bin"})
"""Names that say nothing of what is in a file."""


def find_weights(
    wanted: WeightsInfo, models: Path, installations: Iterable[Path] = ()
) -> Path | None:
    """Where a preprocessor's file is; None where it is nowhere.

    Args:
        wanted: The file.
        models: Easel's own models folder.
        installations: Folders of other programs.
    """
    places = (models / wanted.place, *_elsewhere(wanted, (models, *installations)))
    return next((place for place in places if place.is_file()), None)


def _elsewhere(wanted: WeightsInfo, folders: Iterable[Path]) -> Iterator[Path]:
    name = Path(wanted.file).name
    for folder in folders:
        for place in _COMFYUI:
            yield folder / place / wanted.repository / wanted.file
        if name not in _NAMED_ALIKE:
            for place in _OTHERS:
                yield folder / place / name
                yield from (folder / place).glob(f"*/{name}")
