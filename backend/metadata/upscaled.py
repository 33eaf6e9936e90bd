"""What an enlarged picture tells of itself: how it was enlarged, and how its source was drawn."""

from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from backend.metadata.file_texts import FileTexts, Source, read_texts
from backend.metadata.own import PictureMetadata, own_metadata, own_text
from backend.metadata.sheets import sheet_metadata
from backend.schema.base import Frozen


class UpscaledMetadata(Frozen):
    """Where an enlarged picture came from."""

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    version: Literal[1] = 1
    upscaler: str
    factor: float
    source: str
    """What the smaller picture was called."""
    index: Literal[0] = 0
    """Its place in its job."""
    created: float
    """When it was asked for, in seconds since the epoch."""
    easel_version: str = Field(validation_alias="easel", serialization_alias="easel")
    origin: PictureMetadata | None = None
    """How the picture was drawn that was enlarged first, where Easel drew it."""


def upscaled_metadata(texts: FileTexts) -> UpscaledMetadata | None:
    """What a file's texts tell of how it was enlarged; None where Easel did not enlarge it."""
    text = own_text(texts.texts)
    try:
        return UpscaledMetadata.model_validate_json(text) if text else None
    except ValidationError:
        return None


def read_upscaled(source: Source) -> UpscaledMetadata | None:
    """What a picture says of how it was enlarged; None where it is not whole or was not."""
    try:
        texts = read_texts(source)
    except OSError:
        return None
    return None if texts is None else upscaled_metadata(texts)


def origin_of(texts: FileTexts) -> PictureMetadata | None:
    """How Easel drew a picture, or the one that was enlarged to become it, or a sheet's first."""
    made = upscaled_metadata(texts) or sheet_metadata(texts)
    return made.origin if made else own_metadata(texts.texts)
