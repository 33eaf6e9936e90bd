"""Models that describe pictures: folders of weights in the layouts of transformers and timm."""

import json
from collections.abc import Iterator
from pathlib import Path

from backend.schema.captioning import CaptionerInfo

FOLDER = "captioners"
WEIGHTS = "model.safetensors"
_CONFIG, _TAGS = "config.json", "selected_tags.csv"
_KINDS = frozenset({"blip", "florence2"})
"""The architectures of transformers that Easel runs, as their configuration names them."""


def captioners_in(models: Path) -> Iterator[CaptionerInfo]:
    """Those below the folder of models, by their names; pickled weights are none."""
    folder = models / FOLDER
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (each / WEIGHTS).is_file() and kind_of(each):
            yield CaptionerInfo(id=each.name, bytes=(each / WEIGHTS).stat().st_size)


def kind_of(folder: Path) -> str:
    """`blip`, `florence2` or `wd_tagger`; empty for a folder of none of them."""
    try:
        told = json.loads((folder / _CONFIG).read_bytes())
        kind = str(told.get("model_type", ""))
        tagger = "architecture" in told and (folder / _TAGS).is_file()
    except (OSError, ValueError, AttributeError):
        return ""
    if tagger:
        return "wd_tagger"
    return kind if kind in _KINDS else ""
