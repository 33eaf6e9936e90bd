"""CLIP's vision encoders in OpenCLIP's names."""

import re
from collections.abc import Collection

from backend.engine.loading.original.clip import open_clip_layer
from backend.engine.loading.source import Source

_SINGLE = {
    "vision_model.embeddings.class_embedding": "class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "positional_embedding",
}
_NORMS = {"pre_layrnorm": "ln_pre", "post_layernorm": "ln_post"}
_NORM = re.compile(r"vision_model\.(pre_layrnorm|post_layernorm)\.(weight|bias)")
_PROJECTION = "visual_projection.weight"


def open_clip_vision_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of an OpenCLIP vision encoder lies, named without `visual.`."""
    return {name: _source(name) for name in names}


def _source(name: str) -> Source:
    if name == _PROJECTION:
        return Source("proj", transposed=True)
    if name in _SINGLE:
        return Source(_SINGLE[name])
    norm = _NORM.fullmatch(name)
    if norm is not None:
        return Source(f"{_NORMS[norm[1]]}.{norm[2]}")
    return open_clip_layer(name.removeprefix("vision_model."))
