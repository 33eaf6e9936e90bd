"""The ControlNets of FLUX.1 in the names of XLabs' files.

Their blocks are named as in FLUX itself. The convolutions that look at the map alternate with
activations, which count in their numbers.

Source: the module list of XLabs' x-flux, `controlnet.py`.
"""

import re
from collections.abc import Collection

from backend.engine.loading.original.flux import flux_sources
from backend.engine.loading.source import Source

_AS_IN_OURS = ("controlnet_blocks.", "controlnet_single_blocks.", "controlnet_mode_embedder.")
_ENTRANCE, _ORIGINAL_ENTRANCE = "controlnet_x_embedder.", "pos_embed_input."
_HINT = re.compile(r"input_hint_block\.(conv_in|conv_out|blocks\.(\d+))\.(weight|bias)")
_FIRST, _LAST = 0, 14


def flux_controlnet_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a ControlNet lies."""
    own = {name: source for name in names if (source := _source(name)) is not None}
    return own | flux_sources([name for name in names if name not in own])


def _source(name: str) -> Source | None:
    """A tensor that FLUX itself does not have."""
    if name.startswith(_AS_IN_OURS):
        return Source(name)
    if name.startswith(_ENTRANCE):
        return Source(_ORIGINAL_ENTRANCE + name.removeprefix(_ENTRANCE))
    found = _HINT.fullmatch(name)
    if found is None:
        return None
    place, number, end = found.groups()
    at = {"conv_in": _FIRST, "conv_out": _LAST}.get(place)
    return Source(f"input_hint_block.{2 * (int(number) + 1) if at is None else at}.{end}")
