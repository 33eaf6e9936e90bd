"""IP-Adapters: cross attention to the features of a picture."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import Family, ModelKind

_TEXT_WIDTHS = {768: Family.SD15, 1024: Family.SD2, 2048: Family.SDXL}
_VISION_WIDTHS = {
    # the width that enters the projection: which CLIP vision encoder it was trained with
    1024: "ViT-H",  # pooled, projected
    1280: "ViT-H",  # hidden states; the pooled ViT-bigG is told apart below
    1664: "ViT-bigG",
}
_BIGG_POOLED = 1280


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
    face = bool(contents.ending("to_q_lora.down.weight")) or contents.has(
        "image_proj.proj.0.weight", "image_proj.proj.2.weight"
    )
    kinds = (("plus", plus), ("faceid", face))
    vision = _vision(contents)
    return tuple(name for name, there in kinds if there) + ((vision,) if vision else ())


def _vision(contents: Contents) -> str:
    pooled = contents.size("image_proj.proj.weight", 1)
    if pooled:
        return "ViT-bigG" if pooled == _BIGG_POOLED else _VISION_WIDTHS.get(pooled, "")
    return _VISION_WIDTHS.get(contents.size("image_proj.proj_in.weight", 1), "")


def _finding(family: Family, variants: tuple[str, ...]) -> Finding:
    return Finding(
        kind=ModelKind.IP_ADAPTER,
        family=family,
        layout="original",
        variants=variants,
        roles=(("", "adapter"),),
    )
