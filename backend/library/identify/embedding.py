"""Embeddings (textual inversion): a few made-up words."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.schema.models import Family, ModelKind

_MAXIMUM_WORDS = 256
_WIDTHS = {768: Family.SD15, 1024: Family.SD2, 1280: Family.SDXL}
_ENCODERS = frozenset({"clip_l", "clip_g", "t5xxl"})


def embedding(contents: Contents) -> Finding | None:
    """Recognise the forms of A1111 (`emb_params`), ComfyUI (by encoder) and diffusers (a word)."""
    shapes = [tensor.shape for tensor in contents.tensors.values()]
    names = frozenset(contents.tensors)
    if not shapes or not all(map(_is_words, shapes)):
        return None
    if names <= _ENCODERS:
        return _by_encoders(names)
    widths = {shape[-1] for shape in shapes}
    if len(widths) > 1 or not widths <= _WIDTHS.keys():
        return None
    return Finding(
        kind=ModelKind.EMBEDDING,
        family=_WIDTHS[widths.pop()],
        layout="a1111" if "emb_params" in names else "diffusers",
        roles=(("", "adapter"),),
    )


def _is_words(shape: tuple[int, ...]) -> bool:
    rows = shape[0] if len(shape) == 2 else 1  # noqa: PLR2004 (a single word may be a plain row)
    return 1 <= len(shape) <= 2 and 1 <= rows <= _MAXIMUM_WORDS and shape[-1] > 1  # noqa: PLR2004


def _by_encoders(names: frozenset[str]) -> Finding:
    if "t5xxl" in names:
        fits = SD3_FAMILIES if "clip_g" in names else (Family.FLUX1,)
    elif "clip_g" in names:
        fits = (Family.SDXL,)
    else:
        fits = (Family.SD15,)
    return Finding(
        kind=ModelKind.EMBEDDING,
        family=fits[0] if len(fits) == 1 else Family.UNKNOWN,
        fits=fits,
        layout="comfyui",
        roles=(("", "adapter"),),
    )
