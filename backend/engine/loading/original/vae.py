"""The autoencoder of every family that has latents of pictures.

Source: the module list of CompVis' latent-diffusion.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_DECODER_LEVEL = re.compile(r"decoder\.up_blocks\.(\d+)\.")
_RULES = (
    (re.compile(r"^encoder\.down_blocks\.(\d+)\."), r"encoder.down.\1."),
    (re.compile(r"\.resnets\."), ".block."),
    (re.compile(r"mid_block\.block\.0\."), "mid.block_1."),
    (re.compile(r"mid_block\.block\.1\."), "mid.block_2."),
    (re.compile(r"mid_block\.attentions\.0\.group_norm\."), "mid.attn_1.norm."),
    (re.compile(r"mid_block\.attentions\.0\.to_([qkv])\."), r"mid.attn_1.\1."),
    (re.compile(r"mid_block\.attentions\.0\.to_out\.0\."), "mid.attn_1.proj_out."),
    (re.compile(r"(down|up)samplers\.0\."), r"\1sample."),
    (re.compile(r"\.conv_shortcut\."), ".nin_shortcut."),
    (re.compile(r"\.conv_norm_out\."), ".norm_out."),
)


def vae_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of an autoencoder lies, named without `first_stage_model.`.

    The attention's layers are convolutions of one pixel there, which have the same numbers.
    """
    levels = [int(found[1]) for found in map(_DECODER_LEVEL.match, names) if found]
    return {name: Source(_original(name, max(levels, default=0))) for name in names}


def _original(name: str, last: int) -> str:
    # The original counts the decoder's levels from the finished picture.
    name = _DECODER_LEVEL.sub(lambda found: f"decoder.up.{last - int(found[1])}.", name)
    for pattern, replacement in _RULES:
        name = pattern.sub(replacement, name)
    return name
