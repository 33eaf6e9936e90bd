"""What a recogniser says of a file."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.library.identify.contents import Contents
from backend.schema.models import Family, Layout, ModelKind, Role


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A file recognised; whatever is not said is unknown."""

    kind: ModelKind
    family: Family = Family.UNKNOWN
    family_label: str = ""
    """For `Family.OTHER`: whose it is."""
    fits: tuple[Family, ...] = ()
    """The families it works with; empty means its own family only."""
    layout: Layout = "unknown"
    variants: tuple[str, ...] = ()
    """Read from the tensors, so certain."""
    roles: tuple[tuple[str, Role], ...] = ()
    """Prefixes of names and the part that they belong to; the first that matches counts."""
    rank: int = 0
    notes: tuple[str, ...] = ()


Recogniser = Callable[[Contents], Finding | None]
"""Looks at a file's tensors; `None` when it is not of the recogniser's kind."""

SD3_FAMILIES = (Family.SD3, Family.SD35_MEDIUM, Family.SD35_LARGE)
UNET_FAMILIES = (Family.SD15, Family.SD2, Family.SDXL, Family.SDXL_REFINER)
