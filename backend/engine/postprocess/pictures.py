"""From the network's pixels to a picture, and whether it went wrong."""

import torch
from PIL import Image
from torch import Tensor


def to_picture(pixels: Tensor) -> Image.Image:
    """Turn pixels, shape (3, height, width), from -1 (dark) to 1, into a picture of 8 bits.

    Values outside the range are cut off; values that are no numbers become black.
    """
    levels = (pixels.float() * 127.5 + 127.5).nan_to_num(0.0).clamp(0, 255).round()
    return Image.fromarray(levels.to(torch.uint8).permute(1, 2, 0).cpu().numpy())


def is_blank(picture: Image.Image) -> bool:
    """Whether every pixel is black, as numbers that overflowed leave them."""
    return picture.getbbox() is None
