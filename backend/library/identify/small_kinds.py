"""Kinds that one mark each tells: hypernetworks, motion modules, GLIGEN."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import Family, ModelKind, Role

_ROLES: tuple[tuple[str, Role], ...] = (("", "adapter"),)
_HYPERNETWORK_WIDTHS = frozenset({"320", "640", "768", "1024", "1280"})


def hypernetwork(contents: Contents) -> Finding | None:
    """Recognise a hypernetwork: pairs of small networks, named by the width they act on."""
    if not contents.ending(".linear.0.weight") or not contents.roots & _HYPERNETWORK_WIDTHS:
        return None
    return Finding(kind=ModelKind.HYPERNETWORK, layout="a1111", roles=_ROLES)


def motion_module(contents: Contents) -> Finding | None:
    """Recognise AnimateDiff's motion modules."""
    if not contents.ending(".temporal_transformer.proj_in.weight"):
        return None
    # SDXL's have three levels, SD 1's four.
    four = contents.ending("down_blocks.3.motion_modules.0.temporal_transformer.proj_in.weight")
    return Finding(
        kind=ModelKind.MOTION_MODULE,
        family=Family.SD15 if four else Family.SDXL,
        layout="original",
        roles=_ROLES,
    )


def gligen(contents: Contents) -> Finding | None:
    """Recognise GLIGEN's gated attentions and position network."""
    if not contents.ending("position_net.null_positive_feature"):
        return None
    return Finding(kind=ModelKind.GLIGEN, family=Family.SD15, layout="original", roles=_ROLES)
