"""Selecting in a picture's file."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from backend.metadata.opening import open_picture
from backend.selecting.grabcut import Wanted, select


def mask_of(path: Path, wanted: Wanted) -> bytes:
    """The mask of what is wanted, as a grey PNG of the picture's size: white where it is.

    Raises:
        NotFoundError: When there is no such file.
        RequestError: When it is no picture, or nothing stands out there.
    """
    pixels = np.asarray(open_picture(path).pixels.convert("RGB"))
    buffer = io.BytesIO()
    Image.fromarray(select(pixels, wanted)).save(buffer, "PNG")
    return buffer.getvalue()
