"""A picture's PNG with everything inside that makes it again."""

import io
from pathlib import Path
from typing import Literal

from PIL import Image, PngImagePlugin
from pydantic import ConfigDict, Field

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.schema.base import Frozen
from backend.schema.resolved import ResolvedRequest
from backend.version import VERSION

_OWN = "easel"
_INFOTEXT = "parameters"


class PictureMetadata(Frozen):
    """Where a picture came from."""

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    version: Literal[1] = 1
    request: ResolvedRequest
    """What it was made with; `model.path` is the library's id, not a place on one machine."""
    index: int
    """Its place in its job, from 0."""
    created: float
    """When it was asked for, in seconds since the epoch."""
    easel_version: str = Field(validation_alias="easel", serialization_alias="easel")
    """The version of Easel that made it."""


def encode_png(pixels: Image.Image, request: ResolvedRequest, index: int, created: float) -> bytes:
    """The whole PNG file of picture `index`, with our own JSON and A1111's infotext as text.

    Args:
        pixels: The picture, 8 bits a channel.
        request: What it was made with.
        index: Its place in its job, from 0.
        created: When it was asked for, in seconds since the epoch.
    """
    model = request.model.model_copy(update={"path": request.model.checkpoint, "parts": ()})
    embeddings = tuple(each.model_copy(update={"path": each.id}) for each in request.embeddings)
    prompts = {index: request.prompt_of(index)} if request.expanded else {}
    changes = {"model": model, "embeddings": embeddings, "expanded": prompts}
    shareable = request.model_copy(update=changes)
    own = PictureMetadata(request=shareable, index=index, created=created, easel_version=VERSION)
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(_INFOTEXT, infotext.write(request, index, load_catalogue()))
    chunks.add_itxt(_OWN, own.model_dump_json())
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def read_metadata(source: Path | io.BytesIO) -> PictureMetadata | None:
    """What a PNG says about itself; None where it is not whole or not ours."""
    try:
        with Image.open(source, formats=("PNG",)) as picture:
            own: object = picture.info.get(_OWN)
        return PictureMetadata.model_validate_json(str(own)) if own else None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
