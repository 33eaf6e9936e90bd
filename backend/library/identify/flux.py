"""The transformers of FLUX.1.

What enters tells the tools apart: 64 channels are the packed latents alone, 128 have a control
picture beside them (depth, canny), 384 a masked picture and its mask (fill). A guidance embedder
means distilled guidance (dev); schnell has none.
"""

from backend.library.identify.backbone import Backbone
from backend.library.identify.contents import Contents
from backend.schema.models import Family, Layout

_PLAIN, _CONTROL, _FILL = 64, 128, 384
_DOUBLE_BLOCKS = 19


def flux(contents: Contents) -> Backbone | None:
    """Recognise FLUX.1 dev, schnell, fill and the control models."""
    if contents.has("double_blocks.0.img_attn.proj.weight", "img_in.weight"):
        if not (contents.has("txt_in.weight") and "single_blocks" in contents.roots):
            return None
        guided = contents.has("guidance_in.in_layer.weight")
        blocks = contents.count("double_blocks.")
        return _describe(contents, "img_in", "original", guided=guided, blocks=blocks)
    if contents.has("single_transformer_blocks.0.attn.to_q.weight", "x_embedder.weight"):
        if not contents.has("transformer_blocks.0.attn.add_q_proj.weight"):
            return None
        guided = contents.has("time_text_embed.guidance_embedder.linear_1.weight")
        blocks = contents.count("transformer_blocks.")
        return _describe(contents, "x_embedder", "diffusers", guided=guided, blocks=blocks)
    return None


def _describe(
    contents: Contents, entrance: str, layout: Layout, *, guided: bool, blocks: int
) -> Backbone:
    variants = [flux_variant(_channels(contents, entrance), guided=guided)]
    if blocks != _DOUBLE_BLOCKS:
        variants.append("reduced")
    return Backbone(Family.FLUX1, layout, tuple(variants))


def _channels(contents: Contents, entrance: str) -> int:
    """The channels that enter; 4-bit files flatten the weight, two numbers to a byte."""
    weight = contents.tensors[f"{entrance}.weight"]
    width = contents.size(f"{entrance}.bias", 0)
    if weight.dtype != "U8" or not width:
        return contents.size(f"{entrance}.weight", 1)
    return weight.parameters * 2 // width


def flux_variant(channels: int, *, guided: bool) -> str:
    """Which of FLUX.1's models reads so many channels, guided by a distilled scale or not."""
    if channels == _FILL:
        return "fill"
    if channels == _CONTROL:
        return "control"
    if channels != _PLAIN:
        return "unusual input"
    return "dev" if guided else "schnell"
