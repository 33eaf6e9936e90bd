"""Which network draws: the family of a UNet's or a transformer's tensors."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.library.identify.contents import Contents
from backend.schema.models import Family, Layout


@dataclass(frozen=True)
class Backbone:
    """A denoising network, recognised."""

    family: Family
    layout: Layout
    """`original` (LDM, SAI, BFL names) or `diffusers`."""
    variants: tuple[str, ...] = ()
    family_label: str = ""
    """For `Family.OTHER`."""


BackboneRecogniser = Callable[[Contents], Backbone | None]
