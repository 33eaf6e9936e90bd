"""The ControlNets of SD 3.5 large in the names of Stability AI's files.

Their blocks keep query, key and value as one; all else is named as in diffusers.

Source: the module list of Stability AI's sd3.5, `dit_embedder.py` and `mmditx.py`.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_BLOCK = re.compile(r"(transformer_blocks\.\d+)\.(.+)\.(weight|bias)")
_INSIDE = {
    "norm1.linear": "adaLN_modulation.1",
    "attn.to_out.0": "attn.proj",
    "ff.net.0.proj": "mlp.fc1",
    "ff.net.2": "mlp.fc2",
}
_THIRDS = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2}


def sd3_controlnet_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a ControlNet lies."""
    return {name: _source(name) for name in names}


def _source(name: str) -> Source:
    found = _BLOCK.fullmatch(name)
    if found is None:
        return Source(name)
    block, inside, end = found.groups()
    if inside in _THIRDS:
        return Source(f"{block}.attn.qkv.{end}", third=_THIRDS[inside])
    return Source(f"{block}.{_INSIDE[inside]}.{end}")
