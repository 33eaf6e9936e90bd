"""ControlNets: half a network that steers another one, in the three layouts they come in."""

from backend.library.identify.backbone import Backbone
from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.library.identify.unet import unet
from backend.schema.models import Family, ModelKind

_ORIGINAL_PREFIX = "control_model."
_UNION_MARKS = ("task_embedding", "controlnet_mode_embedder.weight")
_LARGE_WIDTH, _MEDIUM_PLACES = 2432, 384**2
_INPAINTING = ("inpainting",)
_MASKED_CHANNELS = 17
"""What looks at the latents of a map and a mask; four of each make a token of FLUX's."""
_MASKED_TOKEN = 4 * _MASKED_CHANNELS


def controlnet(contents: Contents) -> Finding | None:
    """Recognise ControlNets of the original project, of diffusers, Control-LoRAs and FLUX's."""
    prefix = _ORIGINAL_PREFIX if "control_model" in contents.roots else ""
    inner = contents.under(prefix)
    backbone = _backbone(inner)
    if backbone is None:
        return None
    variants = [variant for variant in backbone.variants if variant != "unusual input"]
    if any(map(inner.has, _UNION_MARKS)):
        variants.append("union")
    if inner.has("lora_controlnet"):
        variants.append("control-lora")
    whole = prefix and "model" in contents.roots
    return Finding(
        kind=ModelKind.CONTROLNET,
        family=backbone.family,
        family_label=backbone.family_label,
        layout="diffusers" if backbone.layout == "diffusers" else "original",
        variants=tuple(variants),
        roles=((prefix, "controlnet"),),
        notes=("Holds the whole model that it was trained on as well.",) if whole else (),
    )


def _backbone(inner: Contents) -> Backbone | None:
    """The network whose half it is; `None` when it is no ControlNet."""
    unet_control = inner.has("controlnet_cond_embedding.conv_in.weight") or inner.has(
        "input_hint_block.0.weight", "input_blocks.0.0.weight"
    )
    if unet_control or inner.has("lora_controlnet"):
        return unet(inner) or Backbone(Family.UNKNOWN, "original")
    if "controlnet_blocks" not in inner.roots:
        return None
    if inner.has("double_blocks.0.img_attn.proj.weight"):
        return Backbone(Family.FLUX1, "original")
    if inner.has("controlnet_x_embedder.weight", "txt_norm.weight"):
        return Backbone(Family.OTHER, "diffusers", (), "Qwen-Image")
    return _of_transformers(inner)


def _of_transformers(inner: Contents) -> Backbone:
    """FLUX's or SD 3's, in diffusers' names; some look at the latents of a map and a mask."""
    if inner.has("controlnet_x_embedder.weight"):
        masked = inner.size("controlnet_x_embedder.weight", 1) == _MASKED_TOKEN
        return Backbone(Family.FLUX1, "diffusers", _INPAINTING if masked else ())
    if inner.has("pos_embed_input.proj.weight"):
        masked = inner.size("pos_embed_input.proj.weight", 1) == _MASKED_CHANNELS
        return Backbone(_of_sd3(inner), "diffusers", _INPAINTING if masked else ())
    return Backbone(Family.UNKNOWN, "diffusers")


def _of_sd3(inner: Contents) -> Family:
    """Which of SD 3's networks it is half of: both medium ones are as wide.

    That of SD 3.5 normalises queries and keys, and knows four times as many places.
    """
    if inner.size("pos_embed_input.proj.weight", 0) == _LARGE_WIDTH:
        return Family.SD35_LARGE
    later = inner.has("transformer_blocks.0.attn.norm_q.weight")
    later = later or inner.size("pos_embed.pos_embed", 1) == _MEDIUM_PLACES
    return Family.SD35_MEDIUM if later else Family.SD3
