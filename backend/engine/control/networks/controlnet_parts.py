"""What ControlNets for UNets are made of, and how files hold them."""

import re
from collections.abc import Collection
from typing import TypeVar, cast

from torch import Tensor

from backend.engine.loading.components import Component, Config, Layout, own_names
from backend.engine.loading.original.controlnet import controlnet_sources
from backend.engine.loading.weights import Weights
from backend.engine.networks import (
    ControlNetConditioningEmbedding,
    ControlNetModel,
    ControlNetUnionModel,
)

Controls = TypeVar("Controls", ControlNetModel, ControlNetUnionModel)

_ORIGINAL_PREFIX = "control_model."
_OF_DIFFUSERS = "_class_name"
"""In configs that lie beside the weights, which need no guessing."""
_FIRST_HINTS = ("input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight")


class HintOnce(ControlNetConditioningEmbedding):
    """Reads a map; what it made of one already is handed on as it is, call after call."""

    reversed_colours = False
    """Whether it learned from maps whose blue comes first."""

    def forward(self, conditioning: Tensor) -> Tensor:
        """The map as the first layer adds it, shape (rows, channels, height, width)."""
        if conditioning.shape[1] == self.conv_out.out_channels:
            return conditioning
        return super().forward(conditioning.flip(1) if self.reversed_colours else conditioning)


def _controlnet(config: Config) -> ControlNetModel:
    order = "controlnet_conditioning_channel_order"  # which diffusers sees to in each call
    module = _reading_once(cast("ControlNetModel", ControlNetModel.from_config(config)))
    module.controlnet_cond_embedding.reversed_colours = module.config[order] == "bgr"
    module.register_to_config(**{order: "rgb"})
    return module


def _union(config: Config) -> ControlNetUnionModel:
    return _reading_once(cast("ControlNetUnionModel", ControlNetUnionModel.from_config(config)))


def _reading_once(module: Controls) -> Controls:
    config = module.config
    module.controlnet_cond_embedding = HintOnce(
        config["block_out_channels"][0],
        config["conditioning_channels"],
        tuple(config["conditioning_embedding_out_channels"]),
    )
    return module


def _union_as_the_file_says(config: Config, weights: Weights) -> Config:
    """The family's published config, told how many kinds of maps a file knows."""
    if _OF_DIFFUSERS in config:
        return config
    kinds, width = weights.shape("task_embedding")
    return {**config, "num_control_type": kinds, "num_trans_channel": width}


def _as_the_file_says(config: Config, weights: Weights) -> Config:
    """The family's published config, changed to what the tensors of a file say.

    Small ControlNets for SDXL have fewer transformer blocks, or none; maps may have other channels.
    """
    if _OF_DIFFUSERS in config:
        return config
    changed = dict(config)
    for name in _FIRST_HINTS:
        if name in weights.names:
            changed["conditioning_channels"] = weights.shape(name)[1]
    layers = cast("int", config["layers_per_block"])
    kinds = cast("list[str]", config["down_block_types"])
    depths = [_depth(weights.names, level, layers) for level in range(len(kinds))]
    middle = _count(weights.names, _MIDDLE)
    changed["down_block_types"] = [
        "CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths
    ]
    changed["transformer_layers_per_block"] = [*depths[:-1], middle or depths[-1]]
    changed["mid_block_type"] = "UNetMidBlock2DCrossAttn" if middle else "UNetMidBlock2D"
    return changed


def _depth(names: Collection[str], level: int, layers: int) -> int:
    """How many transformer blocks a level has in a layer."""
    original = rf"input_blocks\.{1 + level * (layers + 1)}\.1"
    return _count(names, rf"(?:down_blocks\.{level}\.attentions\.0|{original})")


def _count(names: Collection[str], layer: str) -> int:
    """How many transformer blocks a layer has."""
    pattern = re.compile(rf"{layer}\.transformer_blocks\.(\d+)\.")
    found = (pattern.match(name) for name in names)
    return max((int(each[1]) + 1 for each in found if each), default=0)


_MIDDLE = r"(?:mid_block\.attentions\.0|middle_block\.1)"
CONTROLNET = Component(
    "controlnet",
    "controlnet",
    "the ControlNet",
    _controlnet,
    (
        Layout("input_hint_block.0.weight", controlnet_sources, _ORIGINAL_PREFIX),
        Layout("input_hint_block.0.weight", controlnet_sources),
        Layout("controlnet_cond_embedding.conv_in.weight", own_names),
    ),
    _as_the_file_says,
)
UNION = Component(
    "controlnet",
    "controlnet",
    "the union ControlNet",
    _union,
    (Layout("task_embedding", own_names),),
    _union_as_the_file_says,
)
