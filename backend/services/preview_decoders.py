"""The tiny decoder that makes previews for a family, where the library has one."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelKind

_NAMES: Mapping[str, tuple[Family, ...]] = {
    # what their makers call them; SD's and SDXL's are of equal shapes, as are SD 3's and FLUX's
    "taesdxl": (Family.SDXL, Family.SDXL_REFINER),
    "taesd3": (Family.SD3, Family.SD35_MEDIUM, Family.SD35_LARGE),
    "taesd": (Family.SD15, Family.SD2),
    "taef1": (Family.FLUX1,),
}


def preview_decoder(family: str, entries: Iterable[LibraryEntry]) -> str | None:
    """The path of a decoder for a family's latents; None without one.

    Its name decides, or in diffusers' form that of its folder.
    """
    for entry in entries:
        path = PurePath(entry.path)
        if (
            entry.model is not None
            and entry.model.kind is ModelKind.PREVIEW_DECODER
            and family in (_family_of(path.stem) or _family_of(path.parent.name))
        ):
            return entry.path
    return None


def _family_of(name: str) -> tuple[str, ...]:
    """The families that a name belongs to; empty where it says nothing."""
    found = (
        families
        for start, families in _NAMES.items()
        if name.lower().startswith(start) and "encoder" not in name.lower().replace("decoder", "")
    )
    return tuple(family.value for family in next(found, ()))
