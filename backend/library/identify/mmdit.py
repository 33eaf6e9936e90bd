"""The multimodal diffusion transformers of SD 3 and SD 3.5.

3.5 normalises queries and keys, 3 does not; 3.5 medium has a second attention in its first blocks.
"""

from backend.library.identify.backbone import Backbone
from backend.library.identify.contents import Contents
from backend.schema.models import Family


def mmdit(contents: Contents) -> Backbone | None:
    """Recognise SD 3 medium, SD 3.5 medium and SD 3.5 large."""
    if contents.has("joint_blocks.0.context_block.attn.qkv.weight", "x_embedder.proj.weight"):
        second = contents.has("joint_blocks.0.x_block.attn2.qkv.weight")
        normalised = contents.has("joint_blocks.0.x_block.attn.ln_q.weight")
        return Backbone(_family(second=second, normalised=normalised), "original")
    if contents.has("transformer_blocks.0.attn.add_q_proj.weight", "pos_embed.proj.weight"):
        second = contents.has("transformer_blocks.0.attn2.to_q.weight")
        normalised = contents.has("transformer_blocks.0.attn.norm_q.weight")
        return Backbone(_family(second=second, normalised=normalised), "diffusers")
    return None


def _family(*, second: bool, normalised: bool) -> Family:
    if second:
        return Family.SD35_MEDIUM
    return Family.SD35_LARGE if normalised else Family.SD3
