"""The multimodal diffusion transformers of SD 3 and SD 3.5.

The original keeps query, key and value as one, and two streams in each joint block: the picture's
(`x_block`) and the text's (`context_block`), which ends with the last block's attention. Where a
norm scales and shifts only, the original makes the shift first, diffusers the scale.

Source: the module list of Stability AI's sd3.5, `mmditx.py`.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_SINGLE = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
_BLOCK = re.compile(r"transformer_blocks\.(\d+)\.(.+)\.(weight|bias)")
_PICTURE = {
    "norm1.linear": "adaLN_modulation.1",
    "attn.norm_q": "attn.ln_q",
    "attn.norm_k": "attn.ln_k",
    "attn.to_out.0": "attn.proj",
    "attn2.norm_q": "attn2.ln_q",
    "attn2.norm_k": "attn2.ln_k",
    "attn2.to_out.0": "attn2.proj",
    "ff.net.0.proj": "mlp.fc1",
    "ff.net.2": "mlp.fc2",
}
_TEXT = {
    "norm1_context.linear": "adaLN_modulation.1",
    "attn.norm_added_q": "attn.ln_q",
    "attn.norm_added_k": "attn.ln_k",
    "attn.to_add_out": "attn.proj",
    "ff_context.net.0.proj": "mlp.fc1",
    "ff_context.net.2": "mlp.fc2",
}
_THIRDS = {
    f"{attention}.{ours}": (f"{stream}.{attention}.qkv", third)
    for attention, stream, pattern in (
        ("attn", "x_block", "to_{}"),
        ("attn", "context_block", "add_{}_proj"),
        ("attn2", "x_block", "to_{}"),
    )
    for third, ours in enumerate(pattern.format(letter) for letter in "qkv")
}


def mmdit_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a transformer lies, named without `model.diffusion_model.`."""
    blocks = [int(found[1]) for found in map(_BLOCK.fullmatch, names) if found]
    last = max(blocks, default=0)
    return {name: _source(name, last) for name in names}


def _source(name: str, last: int) -> Source:
    found = _BLOCK.fullmatch(name)
    if found is None:
        if name in _SINGLE:
            return Source(_SINGLE[name])
        module, _, end = name.rpartition(".")
        return Source(f"{_SINGLE[module]}.{end}", halves_swapped=module == "norm_out.linear")
    number, inside, end = found.groups()
    block = f"joint_blocks.{number}"
    if inside in _THIRDS:
        module, third = _THIRDS[inside]
        return Source(f"{block}.{module}.{end}", third=third)
    if inside in _PICTURE:
        return Source(f"{block}.x_block.{_PICTURE[inside]}.{end}")
    scales_only = inside == "norm1_context.linear" and int(number) == last
    return Source(f"{block}.context_block.{_TEXT[inside]}.{end}", halves_swapped=scales_only)
