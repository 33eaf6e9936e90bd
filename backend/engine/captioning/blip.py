"""BLIP: a caption in a few words.

Source: Li et al., “BLIP: Bootstrapping Language-Image Pre-training”, 2022, by way of transformers.
"""

from pathlib import Path
from typing import Self

import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor

from backend.engine.captioning.writing import WritingModel

_LONGEST = 48
"""Tokens of a caption; what text encoders read has 75."""
_CLASSES = (BlipProcessor, BlipForConditionalGeneration)


class Blip(WritingModel):
    """The model and what prepares pictures for it."""

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> Self:
        """Read it from a folder in the layout of transformers."""
        return cls.read(folder, _CLASSES, device, dtype)

    def describe(self, picture: Image.Image) -> str:
        """What a picture shows, in a few words."""
        return self.written(picture, _LONGEST)
