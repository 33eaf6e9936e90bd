"""Florence-2: a caption in a sentence or two.

Source: Xiao et al., “Florence-2: Advancing a Unified Representation for a Variety of Vision
Tasks”, 2023 (arXiv:2311.06242), by way of transformers.
"""

from pathlib import Path
from typing import Self

import torch
from PIL import Image
from transformers import Florence2ForConditionalGeneration, Florence2Processor

from backend.engine.captioning.writing import WritingModel

_TASK = "<DETAILED_CAPTION>"
"""The shorter of its two that say more than what the thing is; text encoders read 75 tokens."""
_LONGEST = 75
_CLASSES = (Florence2Processor, Florence2ForConditionalGeneration)


class Florence2(WritingModel):
    """The model and what prepares pictures for it."""

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> Self:
        """Read it from a folder in the layout of transformers."""
        return cls.read(folder, _CLASSES, device, dtype)

    def describe(self, picture: Image.Image) -> str:
        """What a picture shows, in a sentence or two."""
        return self.written(picture, _LONGEST, _TASK)
