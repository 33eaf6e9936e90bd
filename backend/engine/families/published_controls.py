"""ControlNets in their published sizes, and one call of each: what tables are made of.

A ControlNet is the first part of the network that it steers, so that network's config is its own.
"""

import inspect
import warnings
from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch.nn import Identity, Module

from backend.engine.families.published_inputs import (
    CLIP_TOKENS,
    inputs_of_flux,
    inputs_of_mmdit,
    size_conditions,
)
from backend.engine.loading.components import Config
from backend.engine.networks import (
    ControlNetModel,
    FluxControlNetModel,
    SD3ControlNetModel,
)

Built = TypeVar("Built", bound=Module)


def of_unet(config: Config) -> ControlNetModel:
    """The ControlNet of a UNet, which reads its map once, before the first step."""
    module = _built(ControlNetModel, config)
    module.add_module("controlnet_cond_embedding", Identity())
    return module


def of_mmdit(layers: int) -> Callable[[Config], SD3ControlNetModel]:
    """Those of SD 3's transformers, with so many of their blocks."""
    return lambda config: _built(SD3ControlNetModel, {**config, "num_layers": layers})


def of_flux(config: Config) -> FluxControlNetModel:
    """Those of FLUX, as the union models are."""
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # it warns of itself
        return _built(FluxControlNetModel, {**config, "num_layers": 5, "num_single_layers": 10})


def call_of_unet(module: Module, rows: int, side: int) -> object:
    """What it hands over in a step."""
    config = cast("ControlNetModel", module).config
    text, width = config["cross_attention_dim"], config["block_out_channels"][0]
    return module(
        torch.ones(rows, config["in_channels"], side, side),
        torch.ones(()),
        encoder_hidden_states=torch.ones(rows, CLIP_TOKENS, text),
        controlnet_cond=torch.ones(1, width, side, side),
        added_cond_kwargs=size_conditions(config, rows),
        return_dict=False,
    )


def call_of_mmdit(module: Module, rows: int, side: int) -> object:
    """What it hands over in a step."""
    inputs = inputs_of_mmdit(cast("SD3ControlNetModel", module).config, rows, side)
    return module(**inputs, controlnet_cond=torch.ones_like(inputs["hidden_states"]))


def call_of_flux(module: Module, rows: int, side: int) -> object:
    """What it hands over in a step."""
    inputs = inputs_of_flux(cast("FluxControlNetModel", module).config, rows, side)
    return module(**inputs, controlnet_cond=torch.ones_like(inputs["hidden_states"]))


def _built(kind: type[Built], config: Config) -> Built:
    """A network of as much of a config as it takes."""
    taken = inspect.signature(kind.__init__).parameters
    return kind(**{name: value for name, value in config.items() if name in taken})
