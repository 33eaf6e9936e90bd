"""Which folders are one model, in diffusers' layout."""

import json
import os
from pathlib import Path

from backend.metadata.loose import as_object, text_in

FOLDER_MARK = "model_index.json"
_CONFIG = "config.json"
_LARGEST = 100_000
_CONTROL_CLASSES = frozenset(
    {
        "ControlNetModel",
        "ControlNetUnionModel",
        "SD3ControlNetModel",
        "FluxControlNetModel",
        "T2IAdapter",
    }
)
"""The networks that diffusers publishes in folders of their own."""


def is_model_folder(folder: Path) -> bool:
    """Whether a folder is a checkpoint or a control model; one that nobody may look into is not."""
    # pathlib raises where os.path does not
    return os.path.isfile(folder / FOLDER_MARK) or is_control_folder(folder)  # noqa: PTH113


def is_control_folder(folder: Path) -> bool:
    """Whether a folder is a control model: its configuration names the network."""
    config = folder / _CONFIG
    if not os.path.isfile(config):  # noqa: PTH113
        return False
    try:
        with config.open(encoding="utf-8") as file:
            told: object = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return False
    return text_in(as_object(told), "_class_name") in _CONTROL_CLASSES
