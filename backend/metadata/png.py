"""A picture's PNG with everything inside that makes it again."""

import io

from PIL import Image, PngImagePlugin

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.metadata.own import OWN, Workshop, metadata_of
from backend.schema.base import Frozen
from backend.schema.resolved import ResolvedRequest

_INFOTEXT = "parameters"


def encode_png(
    pixels: Image.Image,
    request: ResolvedRequest,
    index: int,
    created: float,
    workshop: Workshop | None = None,
) -> bytes:
    """The whole PNG file of picture `index`, with our own JSON and A1111's infotext as text.

    Args:
        pixels: The picture, 8 bits a channel.
        request: What it was made with.
        index: Its place in its job, from 0.
        created: When it was asked for, in seconds since the epoch.
        workshop: What it was made with.
    """
    own = metadata_of(request, index, created, workshop)
    return png_with(pixels, own, infotext.write(request, index, load_catalogue()))


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
