"""Maps as the numbers that control models read."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

_PAINTED_FROM = 0.5
"""The mask's strength from which models are told that all is painted."""


def as_hint(picture: Image.Image, mask: Image.Image | None, painted: float) -> Tensor:
    """A map from 0 to 1, shape (1, channels, height, width).

    Args:
        picture: RGB, or grey.
        mask: Grey, of the same size: what is to be painted; None where nothing is told of it.
        painted: What stands for pixels that are to be painted.
    """
    values = np.asarray(picture, dtype=np.float32) / np.float32(255)
    hint = torch.from_numpy(values.copy())
    hint = hint[None, None] if hint.ndim == _GREY else hint.permute(2, 0, 1)[None]
    if mask is None:
        return hint
    return torch.where(as_share(mask) > _PAINTED_FROM, painted, hint)


def as_share(mask: Image.Image) -> Tensor:
    """A mask from 0 to 1, shape (1, 1, height, width)."""
    values = np.asarray(mask.convert("L"), dtype=np.float32) / np.float32(255)
    return torch.from_numpy(values.copy())[None, None]


_GREY = 2
"""Dimensions of a picture without colours."""
