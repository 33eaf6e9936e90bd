"""Pictures with captions that a LoRA learns from, and what is wrong with them."""

from collections.abc import Mapping
from typing import Literal

from backend.schema.base import Frozen

FindingCode = Literal[
    "unreadable",
    "too small",
    "blurred",
    "alike",
    "no caption",
    "same caption",
    "no trigger",
    "common trigger",
    "few pictures",
    "unknown encoding",
    "caption without picture",
]
PLAIN_TEXT = "plain text"


class DatasetItem(Frozen):
    """A picture, and what it shows in words."""

    path: str
    """The file, below the dataset's folder, with slashes."""
    caption: str = ""
    written: str = ""
    """The caption's file below the folder; empty where there is none."""
    repeats: int = 1
    """How often it counts."""
    concept: str = ""
    """The folder that it lies in: the name of what is learned, as kohya's scripts have it."""
    width: int = 0
    """In pixels, upright; 0 where the picture cannot be read."""
    height: int = 0


class Finding(Frozen):
    """Something about a dataset that spoils training, and what to do."""

    code: FindingCode
    sentence: str
    hint: str
    paths: tuple[str, ...] = ()
    """The pictures that it is about."""


class Bucket(Frozen):
    """Pictures of similar proportions, which are brought to one size and learned together."""

    width: int
    height: int
    paths: tuple[str, ...]


class DatasetReport(Frozen):
    """A dataset as it would be learned from."""

    items: tuple[DatasetItem, ...]
    findings: tuple[Finding, ...]
    buckets: tuple[Bucket, ...]
    tags: Mapping[str, int]
    """How many captions have each tag, the most frequent first."""
