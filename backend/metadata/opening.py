"""Opening pictures of any origin as they are meant to be seen: upright, sRGB, 8 bits a channel."""

import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageCms, ImageOps

from backend.metadata.file_texts import BOMBS, BROKEN, Source
from backend.schema.errors import NotFoundError, RequestError

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp"})
"""How the names of pictures end that can be opened."""
_ORIENTATION, _TURNED = 0x0112, frozenset({5, 6, 7, 8})


@dataclass(frozen=True)
class Opened:
    """A picture that can be worked on."""

    pixels: Image.Image
    """RGB, or RGBA where it has transparent parts."""
    notes: tuple[str, ...] = ()
    """What was changed to get there, a sentence each."""


def size_of(path: Path) -> tuple[int, int]:
    """The width and height of a picture, upright; only its head is read.

    Raises:
        NotFoundError: When there is no such file.
        RequestError: When it is no picture that is whole as far as its head tells.
    """
    with _file(path, path.name) as picture:
        width, height = picture.size
        # PNG's own `getexif` reads all pixels, because the EXIF may follow them
        turned = Image.Image.getexif(picture).get(_ORIENTATION) in _TURNED
        return (height, width) if turned else (width, height)


def open_picture(source: Source, name: str = "") -> Opened:
    """Read a whole picture.

    Args:
        source: Its file, or the bytes of one.
        name: What sentences call it; empty for the file's own name.

    Raises:
        NotFoundError: When there is no such file.
        RequestError: When it is no whole picture.
    """
    name = name or (source.name if isinstance(source, Path) else "The picture")
    with _file(source, name) as picture:
        notes: list[str] = []
        if picture.format == "MPO":  # further shots of a camera: no animation
            picture.seek(0)
        elif getattr(picture, "is_animated", False):
            notes.append("It is animated: only its first picture is taken.")
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith(("I", "F")):
            notes.append("It has more than 8 bits a channel: the result has 8.")
            upright = _eight_bits(upright)
        if upright.mode == "CMYK":
            notes.append("Its colours are CMYK, for printing: the result has RGB.")
        pixels = _in_srgb(upright, picture.info.get("icc_profile"))
        return Opened(pixels.convert("RGBA" if _has_alpha(upright) else "RGB"), tuple(notes))


@contextmanager
def _file(source: Source, name: str) -> Generator[Image.Image]:
    """The picture, while it is read; what goes wrong becomes a sentence."""
    try:
        with Image.open(source, formats=FORMATS) as picture:
            yield picture
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {name}.", "Was it moved or deleted?") from error
    except BOMBS as error:
        raise RequestError(
            f"“{name}” says that it is larger than any picture that Easel opens.",
            "If it is a real picture, save a smaller version of it.",
        ) from error
    except (OSError, *BROKEN) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise NotFoundError(
                f"“{name}” cannot be read: {error.strerror}.", "Look at the file's rights."
            ) from error
        raise RequestError(
            f"“{name}” is no whole picture that Easel reads.",
            "It reads PNG, JPEG, WebP, AVIF, GIF, TIFF and BMP.",
        ) from error


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey values of 16 bits, or of any range, as 8 bits."""
    values = np.asarray(picture, dtype=np.float64)
    if not picture.mode.startswith("F") and values.min() >= 0 and values.max() < 2**16:
        values = values / (2**16 - 1)
    else:
        values = (values - values.min()) / max(float(np.ptp(values)), 1e-9)
    return Image.fromarray((values * 255).round().astype(np.uint8))


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """The picture with its colour profile applied, where it has one that makes sense."""
    if not isinstance(profile, bytes) or picture.mode not in ("RGB", "RGBA", "CMYK"):
        return picture
    wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(picture, own, srgb, outputMode=wanted)
    except (ImageCms.PyCMSError, OSError):
        return picture
    return cast("Image.Image", changed)
