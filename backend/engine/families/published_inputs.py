"""What one call of a published network reads, and of a ControlNet that is a part of such a one."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from backend.engine.families import flux1, sd3_loading
from backend.engine.families.flux_model import PATCH
from backend.engine.loading.components import Config

CLIP_TOKENS = 77
_POOLED_WIDTH = 1280
"""Of CLIP-G, which tells SDXL's networks of the whole prompt."""


def inputs_of_mmdit(config: Mapping[str, Any], rows: int, side: int) -> dict[str, Any]:
    """Those of SD 3's transformers.

    Args:
        config: The network's.
        rows: Pictures × prompts.
        side: Latents along a side of a picture.
    """
    tokens = CLIP_TOKENS + sd3_loading.T5_TOKENS
    return {
        "hidden_states": torch.ones(rows, config["in_channels"], side, side),
        "timestep": torch.ones(rows),
        "encoder_hidden_states": torch.ones(rows, tokens, config["joint_attention_dim"]),
        "pooled_projections": torch.ones(rows, config["pooled_projection_dim"]),
        "return_dict": False,
    }


def inputs_of_flux(config: Mapping[str, Any], rows: int, side: int) -> dict[str, Any]:
    """Those of FLUX's transformers; see `inputs_of_mmdit`."""
    tokens = (side // PATCH) ** 2
    return {
        "hidden_states": torch.ones(rows, tokens, config["in_channels"]),
        "encoder_hidden_states": torch.ones(rows, flux1.TOKENS, config["joint_attention_dim"]),
        "pooled_projections": torch.ones(rows, config["pooled_projection_dim"]),
        "timestep": torch.ones(rows),
        "guidance": torch.ones(rows),
        "img_ids": torch.zeros(tokens, 3),
        "txt_ids": torch.zeros(flux1.TOKENS, 3),
        "return_dict": False,
    }


def size_conditions(config: Config, rows: int) -> dict[str, Tensor] | None:
    """What SDXL's networks are told beside noise level and prompt; None for other families."""
    if not config["addition_embed_type"]:
        return None
    numbers = cast("int", config["projection_class_embeddings_input_dim"]) - _POOLED_WIDTH
    return {
        "text_embeds": torch.ones(rows, _POOLED_WIDTH),
        "time_ids": torch.ones(rows, numbers // cast("int", config["addition_time_embed_dim"])),
    }
