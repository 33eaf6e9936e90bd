"""T2I-Adapters: a few residual layers on each level of the map.

Source: the module list of TencentARC's T2I-Adapter, whose first form counts all layers in one row.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_LAYER = re.compile(r"adapter\.body\.(\d+)\.resnets\.(\d+)\.(.+)")
_BESIDE = re.compile(r"adapter\.body\.(\d+)\.((?:in|out)_conv\..+)")


def t2i_adapter_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a full T2I-Adapter lies."""
    row = sum(
        name.startswith("adapter.body.0.resnets.") and name.endswith(".block1.weight")
        for name in names
    )
    return {name: Source(_of_full(name, row)) for name in names}


def light_t2i_adapter_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a light T2I-Adapter lies."""
    return {name: Source(_of_light(name)) for name in names}


def _of_light(name: str) -> str:
    return _LAYER.sub(r"body.\1.body.\2.\3", name).removeprefix("adapter.")


def _of_full(name: str, row: int) -> str:
    if found := _LAYER.fullmatch(name):
        return f"body.{int(found[1]) * row + int(found[2])}.{found[3]}"
    if found := _BESIDE.fullmatch(name):
        return f"body.{int(found[1]) * row}.{found[2]}"
    return name.removeprefix("adapter.")
