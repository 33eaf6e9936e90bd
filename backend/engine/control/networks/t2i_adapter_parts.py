"""What T2I-Adapters are made of, and how files hold them."""

import re
from typing import cast

from backend.engine.loading.components import Component, Config, Layout, own_names
from backend.engine.loading.original.t2i_adapter import (
    light_t2i_adapter_sources,
    t2i_adapter_sources,
)
from backend.engine.loading.weights import Weights
from backend.engine.networks import T2IAdapter

_OF_DIFFUSERS = "_class_name"
"""In configs that lie beside the weights, which need no guessing."""
_LAYER = re.compile(r"(?:adapter\.)?body\.(\d+)\.(?:(?:resnets|body)\.(\d+)\.)?block1\.weight")
_OUT = re.compile(r"(?:adapter\.)?body\.(\d+)\.out_conv\.weight")


def _adapter(config: Config) -> T2IAdapter:
    return cast("T2IAdapter", T2IAdapter.from_config(config))


def _as_the_file_says(config: Config, weights: Weights) -> Config:
    """The family's published config, changed to what the tensors of a file say."""
    if _OF_DIFFUSERS in config:
        return config
    outs = {int(found[1]): found[0] for found in map(_OUT.fullmatch, weights.names) if found}
    return _light(config, weights, outs) if outs else _full(config, weights)


def _light(config: Config, weights: Weights, outs: dict[int, str]) -> Config:
    """That of a light one; its last level is as wide as the one before."""
    widths = [weights.shape(outs[level])[0] for level in sorted(outs)]
    layers = {found[2] for found in map(_LAYER.fullmatch, weights.names) if found}
    first = weights.shape(outs[0].replace("out_conv", "in_conv"))[1]
    return {
        **config,
        "adapter_type": "light_adapter",
        "channels": widths[:-1],
        "num_res_blocks": len(layers),
        "in_channels": _channels(first, config),
    }


def _full(config: Config, weights: Weights) -> Config:
    """That of a full one, whose layers stand in one row in the original."""
    found = [each for each in map(_LAYER.fullmatch, weights.names) if each]
    order = sorted(found, key=lambda each: (int(each[1]), int(each[2] or 0)))
    widths = [weights.shape(each[0])[0] for each in order]
    levels = len(cast("list[int]", config["channels"]))
    row = len(widths) // levels
    entrance = "conv_in.weight" if "conv_in.weight" in weights.names else "adapter.conv_in.weight"
    return {
        **config,
        "channels": widths[::row],
        "num_res_blocks": row,
        "in_channels": _channels(weights.shape(entrance)[1], config),
    }


def _channels(read: int, config: Config) -> int:
    """How many channels a map has, of which the first layer reads whole squares at once."""
    return read // cast("int", config["downscale_factor"]) ** 2


T2I_ADAPTER = Component(
    "adapter",
    "t2i_adapter",
    "the T2I-Adapter",
    _adapter,
    (
        Layout("body.0.out_conv.weight", light_t2i_adapter_sources),
        Layout("body.0.block1.weight", t2i_adapter_sources),
        Layout("adapter.body.0.resnets.0.block1.weight", own_names),
    ),
    _as_the_file_says,
)
