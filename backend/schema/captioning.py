"""Captions that a model writes: what can, what is asked for, and what is done."""

from typing import Annotated, Literal

from pydantic import Field

from backend.schema.base import Frozen


class CaptionerInfo(Frozen):
    """A model that describes pictures."""

    id: str
    """Its folder's name."""
    bytes: int


class CaptionerOffer(Frozen):
    """A model that describes pictures and can be downloaded."""

    id: str
    """The name of its folder."""
    label: str
    writes: str
    """What its captions are like."""
    repository: str
    """On Hugging Face."""
    bytes: int
    """About; what is downloaded tells exactly."""
    license: str


class CaptionerOffers(Frozen):
    """What can write captions here."""

    captioners: tuple[CaptionerInfo, ...]
    more: tuple[CaptionerOffer, ...]
    """Those that are not here."""
    advice: str
    """How to get one, in words; empty where one is here."""


class CaptionWish(Frozen):
    """Captions that somebody asks for."""

    captioner: Annotated[str, Field(max_length=255)] = ""
    """Its id; empty for the first."""
    paths: tuple[Annotated[str, Field(max_length=500)], ...] = ()
    """The pictures, whatever captions they have; all without a caption where there is none."""


class CaptionRequest(Frozen):
    """Which pictures are described by which model; it is kept."""

    version: Literal[1] = 1
    captioner: str
    """The model's folder."""
    title: str
    """What the dataset is called."""
    pictures: tuple[str, ...]
    """The files."""
    again: bool
    """Whether captions that are there are written anew."""
