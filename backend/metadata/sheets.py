"""What a sheet of pictures tells of itself: what is varied on it, and how its first was drawn."""

from pydantic import ConfigDict, Field, ValidationError

from backend.metadata.file_texts import FileTexts, Source, read_texts
from backend.metadata.own import PictureMetadata, own_text
from backend.schema.base import Frozen
from backend.schema.series import SeriesAxes


class SheetMetadata(Frozen):
    """A labelled sheet of the pictures of a series."""

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    axes: SeriesAxes
    """What is varied; of the z axis, the sheet shows one value."""
    page: int
    """Which of them, from 0."""
    index: int
    """Its place in its job."""
    created: float
    """When it was asked for, in seconds since the epoch."""
    easel_version: str = Field(validation_alias="easel", serialization_alias="easel")
    origin: PictureMetadata
    """How its first picture was drawn."""

    @property
    def sentence(self) -> str:
        """What it is, in words."""
        axes = self.axes
        told = [f"{axis.title} {', '.join(axis.labels)}" for axis in (axes.x, axes.y) if axis.title]
        if axes.z.title:
            told.append(axes.z.headings[self.page])
        return f"It is a sheet of {axes.columns * axes.rows} pictures: {'; '.join(told)}."


def sheet_metadata(texts: FileTexts) -> SheetMetadata | None:
    """What a file's texts tell of a sheet; None where Easel made none of it."""
    text = own_text(texts.texts)
    try:
        return SheetMetadata.model_validate_json(text) if text else None
    except ValidationError:
        return None


def read_sheet(source: Source) -> SheetMetadata | None:
    """What a picture says of itself as a sheet; None where it is not whole or is none."""
    try:
        texts = read_texts(source)
    except OSError:
        return None
    return None if texts is None else sheet_metadata(texts)
