"""A picture's file in any format, with everything inside that makes it again.

A PNG has texts of its own. The others have EXIF: A1111's infotext in the user comment, as A1111
itself writes it, and Easel's own JSON, packed, in the maker note.
"""

import io

from PIL import Image

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.metadata.own import Workshop, metadata_of, packed
from backend.metadata.png import png_with
from backend.schema.base import Frozen
from backend.schema.output_settings import FileSettings
from backend.schema.resolved import ResolvedRequest
from backend.version import VERSION

_SOFTWARE, _EXIF, _USER_COMMENT, _MAKER_NOTE = 0x0131, 0x8769, 0x9286, 0x927C
_LOSSLESS = 100
_MOST_EXIF = 65_000
"""Bytes that a JPEG has room for; of the longest prompts, only the own JSON is kept."""


def encode(
    pixels: Image.Image,
    request: ResolvedRequest,
    index: int,
    created: float,
    workshop: Workshop | None = None,
) -> bytes:
    """The whole file of picture `index`, in the format that was asked for.

    Args:
        pixels: The picture, 8 bits a channel.
        request: What it was made with.
        index: Its place in its job, from 0.
        created: When it was asked for, in seconds since the epoch.
        workshop: What it was made with.
    """
    own = metadata_of(request, index, created, workshop)
    text = infotext.write(request, index, load_catalogue())
    if request.output.format == "png":
        return png_with(pixels, own, text)
    return encode_other(pixels, own, text, request.output)


def encode_other(pixels: Image.Image, own: Frozen, text: str, output: FileSettings) -> bytes:
    """The whole file of a picture in a format other than PNG.

    Args:
        pixels: The picture, 8 bits a channel.
        own: Easel's own account of it.
        text: The infotext.
        output: The format and its quality.
    """
    fitting = (exif for exif in (_exif(own, text), _exif(own, "")) if len(exif) <= _MOST_EXIF)
    return _encoded(pixels, output, next(fitting, b""))


def _encoded(pixels: Image.Image, output: FileSettings, exif: bytes) -> bytes:
    buffer = io.BytesIO()
    if output.format == "jpeg":
        whole = pixels.convert("RGB")
        whole.save(buffer, "JPEG", quality=output.quality, progressive=True, exif=exif)
    elif output.format == "webp":
        lossless = output.quality == _LOSSLESS
        pixels.save(buffer, "WEBP", quality=output.quality, lossless=lossless, exif=exif)
    else:
        pixels.save(buffer, "AVIF", quality=output.quality, exif=exif)
    return buffer.getvalue()


def _exif(own: Frozen, text: str) -> bytes:
    exif = Image.Exif()
    exif[_SOFTWARE] = f"Easel {VERSION}"
    inner = exif.get_ifd(_EXIF)
    inner[_MAKER_NOTE] = packed(own).encode()
    if text:
        inner[_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be", errors="replace")
    return exif.tobytes()
