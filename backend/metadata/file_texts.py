"""The texts that a picture's file carries, wherever its format keeps them."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from PIL import Image

from backend.metadata.stealth import hidden_texts

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")
COMMENT = "UserComment"
"""The key of what stands in the EXIF's user comment."""
_EXIF, _USER_COMMENT, _MAKER_NOTE = 0x8769, 0x9286, 0x927C
_NAMED = {0x010E: "Description", 0x0131: "Software", _MAKER_NOTE: "MakerNote"}
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"
_PREFIXED = re.compile(r"\s*(prompt|workflow):(.+)", re.DOTALL | re.IGNORECASE)
_XMP_COMMENT = re.compile(
    r"<exif:UserComment>\s*<rdf:Alt>\s*<rdf:li[^>]{0,99}>([^<]+)</rdf:li>|exif:UserComment=\"([^\"]+)\""
)
BROKEN = (
    *(SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError),
    RuntimeError,  # AVIF's decoder
)
"""What Pillow raises for files that are not whole."""
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)

Source = Path | IO[bytes]


@dataclass(frozen=True)
class FileTexts:
    """A picture's size, and its texts by the names that its program gave them."""

    width: int
    height: int
    texts: Mapping[str, str]

    def text(self, *names: str) -> str:
        """The first of some texts that is there; empty without any."""
        return next((found for name in names if (found := self.texts.get(name, ""))), "")


def read_texts(source: Source) -> FileTexts | None:
    """Read the head of a PNG, JPEG, WebP or AVIF; None where it is none that is whole.

    The pixels are looked at only where there are no texts and they may hide some.

    Raises:
        OSError: When the system does not let us read the file; another time it may.
    """
    try:
        with Image.open(source, formats=FORMATS) as picture:
            texts = dict(_texts(picture)) or dict(hidden_texts(picture))
            return FileTexts(*picture.size, {name: _plain(text) for name, text in texts.items()})
    except (OSError, *BROKEN, *BOMBS) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, not Pillow's
            raise
        return None


def _texts(picture: Image.Image) -> Iterator[tuple[str, str]]:
    """All texts; of two of one name the later one counts, which is the PNG's own."""
    exif = picture.getexif()
    for tag, value in (*exif.items(), *exif.get_ifd(_EXIF).items()):
        text = _decoded(value) if isinstance(value, bytes) else value
        if isinstance(text, str) and text.strip("\0 "):
            yield from _named(tag, text)
    xmp: object = picture.info.get("xmp")
    if isinstance(xmp, bytes) and (found := _XMP_COMMENT.search(xmp.decode(errors="replace"))):
        yield COMMENT, html.unescape(found[1] or found[2])
    info = cast("dict[object, object]", picture.info)
    for name, value in info.items():
        if isinstance(name, str) and isinstance(value, str):
            yield name, value
        elif name == "comment" and isinstance(value, bytes):
            yield "comment", value.decode(errors="replace")


def _named(tag: int, text: str) -> Iterator[tuple[str, str]]:
    """An EXIF text by its name; ComfyUI's WebP say inside which of its texts they are."""
    told = _PREFIXED.fullmatch(text)
    if tag == _USER_COMMENT:
        yield COMMENT, text
    elif told:
        yield told[1].lower(), told[2]
    elif tag in _NAMED:
        yield _NAMED[tag], text


def _decoded(comment: bytes) -> str:
    """A user comment, whose first eight bytes name its encoding.

    EXIF leaves open which half of a UTF-16 character comes first; A1111 writes the high one.
    """
    if comment.startswith(_UNICODE):
        body = comment[len(_UNICODE) :]
        low_first = body[1::2].count(0) > body[::2].count(0)
        return body.decode("utf-16-le" if low_first else "utf-16-be", errors="replace")
    return comment.removeprefix(_ASCII).decode("utf-8", errors="replace")


def _plain(text: str) -> str:
    """The text as files and messages can hold it."""
    return text.encode(errors="replace").decode().replace("\0", "").strip()
