"""Upscalers and face restorers, by the tensors that only their architecture has.

Source: the published weights' key names, as spandrel's detection lists them.
"""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import ModelKind

_UPSCALERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ESRGAN", ("model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight")),
    ("ESRGAN", ("conv_first.weight", "body.0.rdb1.conv1.weight")),
    ("ESRGAN", ("conv_first.weight", "RRDB_trunk.0.RDB1.conv1.weight")),
    ("HAT", ("conv_first.weight", "layers.0.residual_group.overlap_attn.qkv.weight")),
    ("Swin2SR", ("patch_embed.proj.weight", "layers.0.residual_group.blocks.0.norm1.weight")),
    ("SwinIR", ("conv_first.weight", "layers.0.residual_group.blocks.0.norm1.weight")),
    ("SwinIR", ("conv_first.1.weight", "layers.0.residual_group.blocks.0.norm1.weight")),
    ("DAT", ("conv_first.weight", "before_RG.1.weight")),
    ("ATD", ("conv_first.weight", "relative_position_index_SA")),
    ("DRCT", ("conv_first.weight", "layers.0.swin1.norm1.weight")),
    ("OmniSR", ("input.weight", "residual_layer.0.residual_layer.0.layer.0.fn.0.weight")),
    ("SPAN", ("block_1.c1_r.sk.weight", "conv_cat.weight")),
    ("PLKSR", ("feats.0.weight", "feats.1.refine.weight")),
    ("MoSR", ("gblocks.0.weight", "gblocks.1.fc1.weight")),
    ("SCUNet", ("m_head.0.weight", "m_tail.0.weight")),
    ("Real-CUGAN", ("unet1.conv1.conv.0.weight", "unet2.conv_bottom.weight")),
    ("Real-ESRGAN compact", ("body.0.weight", "body.1.weight", "body.2.weight")),
)
_FACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("GFPGAN", ("stylegan_decoder.style_mlp.1.weight",)),
    ("CodeFormer", ("quantize.embedding.weight", "position_emb")),
    ("RestoreFormer", ("vqvae.quantize.embedding.weight",)),
)
_WRAPPERS = ("", "params_ema.", "params.", "module.", "model.")


def upscaler(contents: Contents) -> Finding | None:
    """Recognise networks that enlarge or repair pictures."""
    kinds = ((ModelKind.UPSCALER, _UPSCALERS), (ModelKind.FACE_RESTORER, _FACES))
    for wrapper in _WRAPPERS:
        for kind, marks in kinds:
            for name, tensors in marks:
                if contents.has(*(wrapper + tensor for tensor in tensors)):
                    return Finding(
                        kind=kind, layout="original", variants=(name,), roles=(("", "other"),)
                    )
    return None
