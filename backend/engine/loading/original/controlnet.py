"""ControlNets for UNets: the first half of a UNet, with what reads the map and what hands on.

Source: the module list of lllyasviel's ControlNet.
"""

import re
from collections.abc import Collection

from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.source import Source

_HANDS_ON = re.compile(r"controlnet_down_blocks\.(\d+)\.(.+)")
_MIDDLE = "controlnet_mid_block."
_HINT = "controlnet_cond_embedding."
_HINT_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)")


def controlnet_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a ControlNet lies, named without `control_model.`."""
    own = [name for name in names if not name.startswith("controlnet_")]
    steps = sum(name.startswith(_HINT) and name.endswith(".weight") for name in names)
    added = {name: Source(_original(name, steps)) for name in names if name not in own}
    return {**unet_sources(own), **added}


def _original(name: str, steps: int) -> str:
    """Name a tensor that a ControlNet has beside a UNet's.

    Args:
        name: Our name.
        steps: How many convolutions read the map; in the original there is a function after each.
    """
    if found := _HANDS_ON.fullmatch(name):
        return f"zero_convs.{found[1]}.0.{found[2]}"
    if name.startswith(_MIDDLE):
        return f"middle_block_out.0.{name.removeprefix(_MIDDLE)}"
    name = name.removeprefix(_HINT)
    if found := _HINT_BLOCK.fullmatch(name):
        return f"input_hint_block.{2 * (int(found[1]) + 1)}.{found[2]}"
    convolution, _, end = name.partition(".")
    return f"input_hint_block.{0 if convolution == 'conv_in' else 2 * (steps - 1)}.{end}"
