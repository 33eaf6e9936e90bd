"""What is asked of every model that describes pictures, and how a folder of one is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from PIL import Image
from safetensors import SafetensorError

from backend.schema.errors import ModelDamagedError, ModelMissingError

T = TypeVar("T")


class Captioner(Protocol):
    """A loaded model."""

    def describe(self, picture: Image.Image) -> str:
        """What a picture (RGB) shows, as a caption; the same each time."""
        ...


LoadCaptioner = Callable[[Path, torch.device, torch.dtype], Captioner]
"""Reads a folder; nothing is asked of any hub."""


def read(folder: Path, reading: Callable[[], T]) -> T:
    """What `reading` makes of the files of a folder.

    Raises:
        ModelMissingError: When the folder is not there any more.
        ModelDamagedError: When a file of it is missing or broken.
    """
    if not folder.is_dir():
        raise ModelMissingError(
            f"The captioning model {folder.name} is not in {folder.parent} any more.",
            "Put it back, or choose another one.",
        )
    try:
        return reading()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelDamagedError(
            f"The captioning model {folder.name} cannot be read: {_first_line(error)}",
            "Download its files again: the weights and all that ends in .json, .txt or .csv.",
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "it is incomplete.")
