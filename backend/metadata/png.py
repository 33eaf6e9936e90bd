"""A picture's PNG with texts inside."""

import io

from PIL import Image, PngImagePlugin

from backend.metadata.own import OWN
from backend.schema.base import Frozen

_INFOTEXT = "parameters"


def png_with(pixels: Image.Image, own: Frozen, text: str) -> bytes:
    """The whole PNG file of a picture.

    Args:
        pixels: The picture, 8 bits a channel.
        own: Easel's own account of it.
        text: The infotext.
    """
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(_INFOTEXT, text)
    chunks.add_itxt(OWN, own.model_dump_json())
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()
