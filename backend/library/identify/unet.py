"""UNets of SD 1.x, SD 2.x, SDXL and its refiner, in the original and in diffusers' names.

The width of the text that cross attention reads names the family. Where it is none of the
published widths (a small model), the structure does: SDXL's have a vector condition, SD 1's
transformers begin with a convolution, SD 2's with a linear layer.
"""

from dataclasses import dataclass

from backend.library.identify.backbone import Backbone
from backend.library.identify.contents import Contents
from backend.schema.models import Family, Layout

TEXT_WIDTHS = {
    768: Family.SD15,
    1024: Family.SD2,
    1280: Family.SDXL_REFINER,
    2048: Family.SDXL,
}
"""By the width of the text that cross attention reads."""
INPUT_VARIANTS = {4: (), 9: ("inpainting",), 8: ("instruct-pix2pix",), 5: ("depth",)}
"""By the channels that enter."""
_UPSCALER_CHANNELS = 7
_SSD_DEPTH, _VEGA_DEPTH = 4, 2
_FULL_DEPTH = 10


@dataclass(frozen=True)
class _Names:
    """How one layout names what matters."""

    layout: Layout
    first: str
    """The first convolution."""
    time: str
    vector: tuple[str, ...]
    """The vector condition's first layer: SDXL's sizes, unCLIP's picture, the upscaler's noise."""
    attentions: tuple[str, ...]
    """Where cross attention begins on each level, from the largest picture down."""
    deepest: str
    """The prefix of the fourth level's tensors, which SDXL lacks."""
    lcm: tuple[str, ...]
    video: tuple[str, ...]


_ORIGINAL = _Names(
    layout="original",
    first="input_blocks.0.0.weight",
    time="time_embed.0.weight",
    vector=("label_emb.0.0.weight", "label_emb.weight"),
    attentions=("input_blocks.1.1.", "input_blocks.4.1.", "input_blocks.7.1."),
    deepest="input_blocks.9.0.op.weight",
    lcm=("time_embed.cond_proj.weight", "time_embedding.cond_proj.weight"),
    video=(".time_mixer.mix_factor", ".time_stack.0.attn1.to_q.weight"),
)
_DIFFUSERS = _Names(
    layout="diffusers",
    first="conv_in.weight",
    time="time_embedding.linear_1.weight",
    vector=(
        "add_embedding.linear_1.weight",
        "class_embedding.linear_1.weight",
        "class_embedding.weight",
    ),
    attentions=tuple(f"down_blocks.{level}.attentions.0." for level in range(3)),
    deepest="down_blocks.3.resnets.0.conv1.weight",
    lcm=("time_embedding.cond_proj.weight",),
    video=(".time_mixer.mix_factor", ".temporal_transformer_blocks.0.attn1.to_q.weight"),
)


def unet(contents: Contents) -> Backbone | None:
    """Recognise a UNet, or the half of one that a ControlNet has."""
    for names in (_ORIGINAL, _DIFFUSERS):
        if contents.has(names.first, names.time):
            return _describe(contents, names)
    return None


def _describe(contents: Contents, names: _Names) -> Backbone:
    other = _other(contents, names)
    if other:
        return Backbone(Family.OTHER, names.layout, family_label=other)
    family = _family(contents, names)
    variants = list(INPUT_VARIANTS.get(contents.size(names.first, 1), ("unusual input",)))
    if family is Family.SD2 and any(map(contents.has, names.vector)):
        variants.append("unclip")
    if any(map(contents.has, names.lcm)):
        variants.append("lcm")
    if family is Family.SDXL:
        variants.extend(_distilled(contents, names))
    return Backbone(family, names.layout, tuple(variants))


def _family(contents: Contents, names: _Names) -> Family:
    widths = (
        contents.size(f"{place}transformer_blocks.0.attn2.to_k.weight", 1)
        for place in names.attentions
    )
    text_width = next((width for width in widths if width), 0)
    if text_width in TEXT_WIDTHS:
        return TEXT_WIDTHS[text_width]
    if any(map(contents.has, names.vector)):
        if contents.has(f"{names.attentions[0]}proj_in.weight"):
            return Family.SD2
        return Family.SDXL_REFINER if contents.has(names.deepest) else Family.SDXL
    shapes = (contents.shape(f"{place}proj_in.weight") for place in names.attentions)
    entrance = next((shape for shape in shapes if shape), ())
    if not entrance:
        return Family.UNKNOWN
    return Family.SD2 if len(entrance) == 2 else Family.SD15  # noqa: PLR2004 (linear or convolution)


def _other(contents: Contents, names: _Names) -> str:
    if contents.ending(*names.video):
        return "Stable Video Diffusion"
    if contents.size(names.first, 1) == _UPSCALER_CHANNELS:
        return "the Stable Diffusion ×4 upscaler"
    return ""


def _distilled(contents: Contents, names: _Names) -> tuple[str, ...]:
    """SDXL's published cuts have fewer transformer blocks on the lowest level."""
    lowest = names.attentions[2]
    if not contents.has(f"{lowest}proj_in.weight"):
        return ()
    depth = contents.count(f"{lowest}transformer_blocks.")
    if depth == _SSD_DEPTH:
        return ("ssd-1b",)
    if depth == _VEGA_DEPTH:
        return ("vega",)
    return () if depth >= _FULL_DEPTH else ("reduced",)
