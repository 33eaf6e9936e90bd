"""T2I-Adapters: small networks that add features of a control picture."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import Family, Layout, ModelKind, Role

_PREFIXES: tuple[tuple[str, Layout], ...] = (("adapter.", "diffusers"), ("", "original"))
# SD's adapters fold the picture by 8, SDXL's by 16: 64 or 256 numbers for each of its channels.
_INPUTS = {64: Family.SD15, 192: Family.SD15, 256: Family.SDXL, 768: Family.SDXL}
_ROLES: tuple[tuple[str, Role], ...] = (("", "adapter"),)


def t2i_adapter(contents: Contents) -> Finding | None:
    """Recognise T2I-Adapters, their light and their style form."""
    if contents.has("style_embedding", "proj") and "transformer_layes" in contents.roots:
        return _finding(Family.SD15, "original", "style")  # the published keys have this spelling
    for prefix, layout in _PREFIXES:
        inner = contents.under(prefix)
        # The light form begins with a narrow layer inside its first block.
        light = inner.shape("body.0.in_conv.weight")
        full = inner.has("conv_in.weight") and inner.ending(".block1.weight")
        entrance = light or (inner.shape("conv_in.weight") if full else ())
        if len(entrance) == 4 and "body" in inner.roots:  # noqa: PLR2004 (a convolution)
            family = _INPUTS.get(entrance[1], Family.UNKNOWN)
            return _finding(family, layout, "light" if light else "")
    return None


def _finding(family: Family, layout: Layout, variant: str) -> Finding:
    return Finding(
        kind=ModelKind.T2I_ADAPTER,
        family=family,
        layout=layout,
        variants=(variant,) if variant else (),
        roles=_ROLES,
    )
