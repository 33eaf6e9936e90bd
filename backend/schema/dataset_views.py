"""Datasets that are made in Easel: what people see of them and ask to be changed."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from backend.schema.base import Frozen

MOST_CHARACTERS = 4_000
"""Of a caption; text encoders read a tenth of that."""
Caption = Annotated[str, Field(max_length=MOST_CHARACTERS)]
BelowDataset = Annotated[str, Field(max_length=500)]
"""A file or folder below the dataset's folder, with slashes."""
Word = Annotated[str, Field(max_length=200)]
Repeats = Annotated[int, Field(ge=1, le=100)]


class OwnPicture(Frozen):
    """A picture of a dataset, and what it shows in words."""

    path: str
    """The file, below the dataset's folder."""
    caption: str
    width: int
    """In pixels, upright; 0 where the picture cannot be read."""
    height: int
    concept: str
    """The folder below the dataset's that it lies in; empty for the dataset's own."""
    version: str
    """Another one when the file is another one."""


class Concept(Frozen):
    """Pictures of one folder, which are called by one word."""

    folder: str
    """Below the dataset's; empty for the dataset's own."""
    name: str
    """As the folder has it, without its number."""
    trigger: str
    repeats: int
    """How often each of its pictures counts."""
    pictures: int


class DatasetSummary(Frozen):
    """A dataset in a list."""

    id: str
    name: str
    pictures: int


class DatasetView(Frozen):
    """A whole dataset."""

    id: str
    name: str
    folder: str
    """Where it lies: an ordinary folder in the layout of kohya's scripts."""
    trigger: str
    concepts: tuple[Concept, ...]
    """The dataset's own folder first."""
    pictures: tuple[OwnPicture, ...]
    tags: Mapping[str, int]
    """How many captions have each tag, the most frequent first."""


class NewDataset(Frozen):
    """A dataset to be made."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


class DatasetChange(Frozen):
    """What is to be different; what is None stays."""

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    trigger: Word | None = None


class ConceptChange(Frozen):
    """A concept as it is to be."""

    folder: BelowDataset | None = None
    """Which one; None for a new one."""
    name: Annotated[str, Field(min_length=1, max_length=60)]
    trigger: Word = ""
    repeats: Repeats = 1


class TagEdit(Frozen):
    """The same change of many captions."""

    do: Literal["add", "front", "replace", "remove"]
    tags: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
    """Parted by commas."""
    becomes: Caption = ""
    """What replaced tags become."""
    paths: tuple[BelowDataset, ...] = ()
    """The pictures; all where there is none."""


class NewCaptions(Frozen):
    """Captions by the paths of their pictures."""

    captions: Mapping[BelowDataset, Caption]


class Chosen(Frozen):
    """Some pictures, and the concept that they go to."""

    paths: Annotated[tuple[BelowDataset, ...], Field(min_length=1)]
    concept: BelowDataset = ""


class FolderSource(Frozen):
    """A folder of this machine whose pictures are taken."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]


class GallerySource(Frozen):
    """Pictures of the gallery that are taken, by their ids."""

    pictures: Annotated[tuple[str, ...], Field(min_length=1, max_length=1000)]
    concept: BelowDataset = ""


class Taken(Frozen):
    """What came of taking several pictures."""

    added: int
    left_out: tuple[str, ...] = ()
    """Why each of the others was not taken, in words."""


class Removed(Frozen):
    """What was taken away, and can be brought back for a while."""

    token: str
    pictures: int
