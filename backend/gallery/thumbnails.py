"""Small versions of pictures, for looking through many of them."""

import io
from pathlib import Path

from PIL import Image, ImageOps

from backend.metadata.file_texts import BROKEN
from backend.outputs.writing import write_atomically
from backend.schema.errors import NotFoundError

_QUALITY = 85


def thumbnail_of(folder: Path, picture_id: str) -> Path:
    """Where the small version of a picture in the gallery lies, below their folder."""
    return folder / picture_id[:2] / f"{picture_id}.webp"


def make_thumbnail(picture: Path | io.BytesIO, thumbnail: Path, side: int = 320) -> None:
    """Write an upright WebP of `picture`, at most `side` pixels wide and high, to `thumbnail`.

    A picture that is small already keeps its size, and its pixels without loss.

    Raises:
        NotFoundError: When the picture is not there or is not a whole picture.
        OutputError: When the thumbnail cannot be written.
    """
    try:
        with Image.open(picture) as opened:
            upright = ImageOps.exif_transpose(opened)
            small = upright.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except (OSError, *BROKEN, Image.DecompressionBombError) as error:
        name = picture.name if isinstance(picture, Path) else "The picture"
        sentence = f"{name} is not there or is not a whole picture."
        raise NotFoundError(sentence, "Make it again, or remove it from the gallery.") from error
    whole = max(small.size) <= side
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", lossless=whole, quality=_QUALITY)
    write_atomically(thumbnail, buffer.getvalue())
