"""IP-Adapters: cross attention to the features of a picture."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.image_encoders import needed_encoder
from backend.schema.models import Family, ModelKind

_TEXT_WIDTHS = {768: Family.SD15, 1024: Family.SD2, 2048: Family.SDXL}


def ip_adapter(contents: Contents) -> Finding | None:
    """Recognise IP-Adapters for SD and SDXL (plain, plus, FaceID) and XLabs' for FLUX."""
    if contents.has("double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight"):
        return _finding(Family.FLUX1, ())
    key = contents.ending(".to_k_ip.weight")
    if not key or not {"image_proj", "ip_adapter"} & contents.roots:
        return None
    widths = {contents.size(key, 1)} | {
        contents.size(name, 1) for name in contents.tensors if name.endswith(".to_k_ip.weight")
    }
    families = [_TEXT_WIDTHS[width] for width in widths if width in _TEXT_WIDTHS]
    return _finding(families[0] if len(families) == 1 else Family.UNKNOWN, _variants(contents))


def _variants(contents: Contents) -> tuple[str, ...]:
    plus = contents.has("image_proj.latents")
    # Both project by two layers; the one for whole faces has its normalisation among them.
    full = contents.has("image_proj.proj.0.weight", "image_proj.proj.3.weight")
    face = bool(contents.ending("to_q_lora.down.weight")) or (
        contents.has("image_proj.proj.0.weight", "image_proj.proj.2.weight") and not full
    )
    kinds = (("plus", plus), ("full", full), ("faceid", face))
    vision = _vision(contents)
    return tuple(name for name, there in kinds if there) + ((vision,) if vision else ())


def _vision(contents: Contents) -> str:
    """The image encoder that it looks with, by the width of what it reads; empty if unknown."""
    pooled = contents.size("image_proj.proj.weight", 1)
    entrances = ("image_proj.proj_in.weight", "image_proj.proj.0.weight")
    hidden = next((width for name in entrances if (width := contents.size(name, 1))), 0)
    known = needed_encoder("pooled", pooled) if pooled else needed_encoder("hidden", hidden)
    return known.name if known else ""


def _finding(family: Family, variants: tuple[str, ...]) -> Finding:
    return Finding(
        kind=ModelKind.IP_ADAPTER,
        family=family,
        layout="original",
        variants=variants,
        roles=(("", "adapter"),),
    )
