"""Which reader a folder of a captioning model needs."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from backend.engine.accelerator import choose_device, weights_dtype
from backend.engine.captioning.base import Captioner, read
from backend.library.captioners import kind_of

_READERS: Mapping[str, tuple[str, str]] = {
    "blip": ("blip", "Blip"),
    "florence2": ("florence2", "Florence2"),
    "wd_tagger": ("wd_tagger", "WdTagger"),
}
"""The module of each kind, and the class in it; only the one that is needed is imported."""


def load_captioner(folder: Path) -> Captioner:
    """Read a captioning model; nothing is asked of any hub.

    Raises:
        ModelMissingError: When the folder is not there any more.
        ModelDamagedError: When a file of it is missing or broken.
    """
    device = choose_device()

    def reading() -> Captioner:
        module, name = _READERS[kind_of(folder)]
        reader = getattr(import_module(f"backend.engine.captioning.{module}"), name)
        return reader.load(folder, device, weights_dtype(device))

    return read(folder, reading)
