"""Texts hidden in the lowest bits of a picture's alpha channel: “stealth pnginfo”.

NovelAI and extensions of A1111 and SD.Next write them: column by column, fifteen letters that name
the form, the length in bits (32 of them, the highest first), and the text or its gzip. A text that
is a JSON object holds several.

Source: NovelAI's own reader (github.com/NovelAI/novelai-image-metadata).
"""

import json
import zlib
from collections.abc import Iterator

from PIL import Image

from backend.metadata.loose import as_object

_SIGNATURES = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
"""Whether what follows is compressed."""
_NAME_BYTES, _LENGTH_BYTES = 15, 4
_LONGEST = 8 * 2**20
_MOST_PIXELS = 64 * 2**20
_GZIP = 31
_BITS = bytes(ord("01"[value & 1]) for value in range(256))


def hidden_texts(picture: Image.Image) -> Iterator[tuple[str, str]]:
    """The texts that a picture's alpha channel hides, by name.

    Raises:
        OSError: When the picture is not whole; `SyntaxError` and `ValueError` mean the same.
    """
    if picture.mode != "RGBA" or picture.width * picture.height > _MOST_PIXELS:
        return
    head = _bytes(picture, 0, _NAME_BYTES + _LENGTH_BYTES)
    compressed = _SIGNATURES.get(head[:_NAME_BYTES])
    if compressed is None:
        return
    length = min(int.from_bytes(head[_NAME_BYTES:]) // 8, _LONGEST)
    content = _bytes(picture, len(head), length)
    yield from _texts(_unpacked(content) if compressed else content)


def _bytes(picture: Image.Image, start: int, length: int) -> bytes:
    """Some of the hidden bytes; fewer where the picture ends."""
    height = picture.height
    first, last = start * 8 // height, -(-(start + length) * 8 // height)
    columns = picture.crop((first, 0, min(last, picture.width), height)).getchannel("A")
    bits = columns.transpose(Image.Transpose.TRANSPOSE).tobytes().translate(_BITS)
    wanted = bits[start * 8 - first * height :][: length * 8]
    whole = len(wanted) // 8
    return int(wanted[: whole * 8], 2).to_bytes(whole) if whole else b""


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(_GZIP).decompress(content, _LONGEST)
    except zlib.error:
        return b""


def _texts(content: bytes) -> Iterator[tuple[str, str]]:
    text = content.decode(errors="replace")
    try:
        told = as_object(json.loads(text))
    except (ValueError, RecursionError):
        told = {}
    for name, value in told.items():
        yield name, value if isinstance(value, str) else json.dumps(value)
    if text and not told:
        yield "parameters", text
