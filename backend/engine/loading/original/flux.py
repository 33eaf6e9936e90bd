"""The transformers of FLUX.1.

The original keeps what one layer computes from the same input as one tensor: query, key and value
in the double blocks, and the way into the feed-forward with them in the single blocks. Its last
layer puts the shift before the scale, diffusers' the scale before the shift.

Source: the module list of Black Forest Labs' flux, `model.py` and `modules/layers.py`.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_SINGLE = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
_BLOCK = re.compile(r"(single_)?transformer_blocks\.(\d+)\.(.+)\.(weight|bias)")
_IN_DOUBLE = {
    "norm1.linear": "img_mod.lin",
    "attn.to_out.0": "img_attn.proj",
    "ff.net.0.proj": "img_mlp.0",
    "ff.net.2": "img_mlp.2",
    "norm1_context.linear": "txt_mod.lin",
    "attn.to_add_out": "txt_attn.proj",
    "ff_context.net.0.proj": "txt_mlp.0",
    "ff_context.net.2": "txt_mlp.2",
}
_DOUBLE_NORMS = {
    "attn.norm_q": "img_attn.norm.query_norm",
    "attn.norm_k": "img_attn.norm.key_norm",
    "attn.norm_added_q": "txt_attn.norm.query_norm",
    "attn.norm_added_k": "txt_attn.norm.key_norm",
}
_DOUBLE_THIRDS = {
    f"attn.{ours.format(letter)}": (f"{stream}_attn.qkv", third)
    for stream, ours in (("img", "to_{}"), ("txt", "add_{}_proj"))
    for third, letter in enumerate("qkv")
}
_IN_SINGLE = {"norm.linear": "modulation.lin", "proj_out": "linear2"}
_SINGLE_NORMS = {"attn.norm_q": "norm.query_norm", "attn.norm_k": "norm.key_norm"}
_SINGLE_PARTS = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2, "proj_mlp": -1}


def flux_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a transformer lies, named without `model.diffusion_model.`."""
    return {name: _source(name) for name in names}


def _source(name: str) -> Source:
    found = _BLOCK.fullmatch(name)
    if found is None:
        module, _, end = name.rpartition(".")
        return Source(f"{_SINGLE[module]}.{end}", halves_swapped=module == "norm_out.linear")
    single, number, inside, end = found.groups()
    if single:
        return _in_single_block(f"single_blocks.{number}", inside, end)
    return _in_double_block(f"double_blocks.{number}", inside, end)


def _in_double_block(block: str, inside: str, end: str) -> Source:
    if inside in _DOUBLE_THIRDS:
        module, third = _DOUBLE_THIRDS[inside]
        return Source(f"{block}.{module}.{end}", third=third)
    if inside in _DOUBLE_NORMS:
        return Source(f"{block}.{_DOUBLE_NORMS[inside]}.scale")
    return Source(f"{block}.{_IN_DOUBLE[inside]}.{end}")


def _in_single_block(block: str, inside: str, end: str) -> Source:
    if inside in _SINGLE_PARTS:
        return Source(f"{block}.linear1.{end}", part=_SINGLE_PARTS[inside])
    if inside in _SINGLE_NORMS:
        return Source(f"{block}.{_SINGLE_NORMS[inside]}.scale")
    return Source(f"{block}.{_IN_SINGLE[inside]}.{end}")
