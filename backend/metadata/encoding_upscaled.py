"""The file of an enlarged picture, with the settings of its source inside."""

from pathlib import Path

from PIL import Image

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode_other
from backend.metadata.file_texts import FileTexts, read_texts
from backend.metadata.png import png_with
from backend.metadata.reading import reading_of
from backend.metadata.upscaled import UpscaledMetadata, origin_of
from backend.schema.upscaling import ResolvedUpscaling
from backend.version import VERSION

_OURS = ("Upscaler", "Upscale by", "Upscaled from")


def encode_upscaled(
    pixels: Image.Image, wanted: ResolvedUpscaling, source: Path, created: float
) -> bytes:
    """The whole file of an enlarged picture, with the settings of its source inside.

    Args:
        pixels: The picture, 8 bits a channel.
        wanted: How it was enlarged.
        source: The picture that was enlarged.
        created: When it was asked for, in seconds since the epoch.
    """
    texts = read_texts(source)
    own = UpscaledMetadata(
        upscaler=wanted.upscaler_name,
        factor=wanted.factor,
        source=wanted.name,
        created=created,
        easel_version=VERSION,
        origin=origin_of(texts) if texts else None,
    )
    text = _infotext(texts, own)
    if wanted.output.format == "png":
        return png_with(pixels, own, text)
    return encode_other(pixels, own, text, wanted.output)


def _infotext(texts: FileTexts | None, own: UpscaledMetadata) -> str:
    """A1111's text of the source's settings, with how it was enlarged at its end."""
    told = _told(texts, own)
    pairs = {key: value for key, value in told.pairs.items() if key not in (*_OURS, "Version")}
    if "Size-1" in pairs and "Size-2" in pairs:
        pairs["Size"] = f"{pairs.pop('Size-1')}x{pairs.pop('Size-2')}"
    ours = dict(zip(_OURS, (own.upscaler, f"{own.factor:g}", own.source), strict=True))
    whole = {**pairs, **ours, "Version": f"Easel {own.easel_version}"}
    return infotext.compose(told.positive, told.negative, whole)


def _told(texts: FileTexts | None, own: UpscaledMetadata) -> infotext.Infotext:
    """The settings of the source, whichever program wrote them."""
    catalogue = load_catalogue()
    if own.origin is not None:
        made = own.origin
        return infotext.parse(infotext.write(made.request, made.index, catalogue))
    reading = reading_of(texts, catalogue) if texts else None
    if reading is None:
        return infotext.Infotext("", "", {})
    told = infotext.parse(reading.text)
    if told.pairs:
        return told
    positive, negative = (
        str(reading.fields.get(f"prompt.{each}") or "") for each in ("positive", "negative")
    )
    return infotext.Infotext(positive, negative, {})
