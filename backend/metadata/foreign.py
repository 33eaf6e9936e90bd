"""What a picture of another program says of itself, read without its pixels."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_FORMATS = ("PNG", "JPEG", "WEBP")
_INFOTEXT = "parameters"
_EXIF, _USER_COMMENT = 0x8769, 0x9286
_UNICODE, _ASCII = b"UNICODE\0", b"ASCII\0\0\0"


@dataclass(frozen=True)
class ForeignPicture:
    """A picture's size, and A1111's infotext where it has some."""

    width: int
    height: int
    infotext: str = ""


def read_foreign(path: Path) -> ForeignPicture | None:
    """Read the head of a PNG, JPEG or WebP; None where it is none that is whole.

    Infotext stands in a PNG's text `parameters`, else in the EXIF's user comment.

    Raises:
        OSError: When the system does not let us read the file; another time it may.
    """
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            told: object = picture.info.get(_INFOTEXT)
            if told is None and picture.format != "PNG":
                told = picture.getexif().get_ifd(_EXIF).get(_USER_COMMENT)
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, not Pillow's
            raise
        return None
    text = _decoded(told) if isinstance(told, bytes) else told
    return ForeignPicture(width, height, _infotext(text))


def _infotext(text: object) -> str:
    """The text, unless it is JSON, which other programs put into the same place."""
    plain = text.encode(errors="replace").decode() if isinstance(text, str) else ""
    return "" if plain.lstrip().startswith("{") else plain.strip().replace("\0", "")


def _decoded(comment: bytes) -> str:
    """A user comment, whose first eight bytes name its encoding.

    EXIF leaves open which half of a UTF-16 character comes first; A1111 writes the high one.
    """
    if comment.startswith(_UNICODE):
        body = comment[len(_UNICODE) :]
        low_first = body[1::2].count(0) > body[::2].count(0)
        return body.decode("utf-16-le" if low_first else "utf-16-be", errors="replace")
    return comment.removeprefix(_ASCII).decode("utf-8", errors="replace")
