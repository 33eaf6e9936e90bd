"""CLIP's text encoders: OpenAI's as transformers names it, and OpenCLIP's in its own names."""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_SINGLE = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
_LAYER = re.compile(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")
_INSIDE = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_THIRDS = {"self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2}
_OWN = "text_model."
_PROJECTION = "text_projection.weight"


def clip_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of OpenAI's encoder lies, named without `cond_stage_model.transformer.`."""
    return {name: Source(_of_openai(name)) for name in names}


def bare_clip_sources(names: Collection[str]) -> dict[str, Source]:
    """The same, in files that leave out `text_model.`, as the first checkpoints did."""
    return {name: Source(name.removeprefix(_OWN)) for name in names}


def open_clip_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of an OpenCLIP encoder lies, named without `cond_stage_model.model.`."""
    return {name: _open_clip(name.removeprefix(_OWN)) for name in names}


def _of_openai(name: str) -> str:
    return name if name == _PROJECTION else _OWN + name.removeprefix(_OWN)


def _open_clip(name: str) -> Source:
    if name == _PROJECTION:
        return Source("text_projection", transposed=True)
    return Source(_SINGLE[name]) if name in _SINGLE else open_clip_layer(name)


def open_clip_layer(name: str) -> Source:
    """Where a tensor inside a layer of any OpenCLIP encoder lies."""
    found = _LAYER.fullmatch(name)
    if found is None:
        raise KeyError(name)
    number, inside, end = found.groups()
    block = f"transformer.resblocks.{number}"
    if inside in _THIRDS:
        return Source(f"{block}.attn.in_proj_{end}", third=_THIRDS[inside])
    return Source(f"{block}.{_INSIDE[inside]}.{end}")
