"""Families that Easel does not run, recognised so that a person hears whose file it is.

Source: the published checkpoints' key names, as listed in diffusers' and ComfyUI's detection.
"""

from backend.library.identify.backbone import Backbone
from backend.library.identify.contents import Contents
from backend.schema.models import Family

_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # a label, and tensors that are all there
    ("FLUX.1 in Nunchaku’s 4-bit form", ("single_transformer_blocks.0.mlp_fc1.qweight",)),
    ("Chroma", ("distilled_guidance_layer.in_proj.bias",)),
    ("FLUX.2", ("single_stream_modulation.lin.weight",)),
    ("FLUX.2", ("single_stream_modulation.linear.weight",)),
    ("FLUX.3", ("early_stream_modulations.image.lin.weight",)),
    ("HunyuanVideo", ("txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.bias",)),
    ("Wan video", ("head.modulation", "patch_embedding.weight")),
    ("Wan video", ("condition_embedder.text_embedder.linear_1.weight", "patch_embedding.weight")),
    ("Qwen-Image", ("txt_norm.weight", "transformer_blocks.0.img_mod.1.weight")),
    ("Qwen-Image 2", ("txt_in.text_norm.weight",)),
    ("Krea 2", ("txtfusion.projector.weight",)),
    ("Z-Image", ("layers.0.adaLN_modulation.0.weight", "cap_embedder.1.weight")),
    ("Lumina 2", ("cap_embedder.0.weight",)),
    ("HiDream", ("double_stream_blocks.0.block.adaLN_modulation.1.bias",)),
    ("LTX-Video", ("patchify_proj.weight",)),
    ("LTX-Video", ("adaln_single.emb.timestep_embedder.linear_1.bias", "proj_in.weight")),
    ("PixArt", ("t_block.1.weight",)),
    ("PixArt", ("adaln_single.emb.timestep_embedder.linear_1.bias",)),
    ("Sana", ("blocks.0.cross_attn.kv_linear.weight",)),
    ("AuraFlow", ("double_layers.0.attn.w1q.weight",)),
    ("Hunyuan-DiT", ("mlp_t5.0.weight",)),
    ("Mochi", ("t5_yproj.weight",)),
    ("Stable Cascade", ("clip_txt_mapper.weight",)),
    ("Stable Cascade", ("clip_mapper.weight",)),
    ("Cosmos", ("net.x_embedder.proj.1.weight",)),
    ("Stable Audio", ("transformer.rotary_pos_emb.inv_freq",)),
    ("CogVideoX", ("patch_embed.text_proj.weight", "transformer_blocks.0.norm1.linear.weight")),
)


def foreign(contents: Contents) -> Backbone | None:
    """Recognise a network of another family by the tensors that only it has."""
    for label, names in _MARKS:
        if contents.has(*names):
            return Backbone(Family.OTHER, "original", family_label=label)
    return None
