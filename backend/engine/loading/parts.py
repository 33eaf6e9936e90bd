"""The parts that several families share, and how files hold them: CLIP, UNets and autoencoders."""

from typing import cast

import torch

from backend.engine.loading.components import Component, Config, Layout, SourcesOf, own_names
from backend.engine.loading.original.clip import (
    bare_clip_sources,
    clip_sources,
    open_clip_sources,
)
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources
from backend.engine.loading.weights import Weights
from backend.engine.networks import (
    AutoencoderKL,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    UNet2DConditionModel,
)

_ORIGINAL_UNET = "model.diffusion_model."
_FIRST_CONVOLUTIONS = ("input_blocks.0.0.weight", "conv_in.weight")
_SCALE_EMBEDDINGS = ("time_embed.cond_proj.weight", "time_embedding.cond_proj.weight")
_VAE_PREFIXES = ("first_stage_model.", "vae.", "")
_CLIP_L_PREFIXES = (
    "cond_stage_model.transformer.",
    "conditioner.embedders.0.transformer.",
    "text_encoders.clip_l.transformer.",
    "",
)
_CLIP_G_PREFIXES = (
    "conditioner.embedders.1.model.",
    "conditioner.embedders.0.model.",
    "text_encoders.clip_g.transformer.",
    "",
)
_CLIP_H_PREFIXES = ("cond_stage_model.model.", "")


def clip_text_model(config: Config) -> CLIPTextModel:
    """An encoder without the projection of the whole."""
    return CLIPTextModel(CLIPTextConfig.from_dict(config))


def projecting_clip_text_model(config: Config) -> CLIPTextModelWithProjection:
    """An encoder with the projection of the whole."""
    return CLIPTextModelWithProjection(CLIPTextConfig.from_dict(config))


def _clip_layouts(prefixes: tuple[str, ...]) -> tuple[Layout, ...]:
    """Each way of naming an encoder, behind each of the prefixes."""
    ways: tuple[tuple[str, SourcesOf], ...] = (
        ("text_model.embeddings.token_embedding.weight", clip_sources),
        ("embeddings.token_embedding.weight", bare_clip_sources),
        ("token_embedding.weight", open_clip_sources),
    )
    return tuple(Layout(marker, sources, prefix) for prefix in prefixes for marker, sources in ways)


CLIP_L = Component(
    "clip_l", "text_encoder", "the text encoder", clip_text_model, _clip_layouts(_CLIP_L_PREFIXES)
)
CLIP_L_PROJECTING = Component(
    "clip_l",
    "text_encoder",
    "the CLIP-L text encoder",
    projecting_clip_text_model,
    _clip_layouts(_CLIP_L_PREFIXES),
)
CLIP_G = Component(
    "clip_g",
    "text_encoder_2",
    "the CLIP-G text encoder",
    projecting_clip_text_model,
    _clip_layouts(_CLIP_G_PREFIXES),
)
CLIP_H = Component(
    "clip_h", "text_encoder", "the text encoder", clip_text_model, _clip_layouts(_CLIP_H_PREFIXES)
)


def _unet(config: Config) -> UNet2DConditionModel:
    return cast("UNet2DConditionModel", UNet2DConditionModel.from_config(config))


def _unet_as_the_file_says(config: Config, weights: Weights) -> Config:
    """Inpainting has more input channels; LCM's UNets are told the CFG scale."""
    changed = dict(config)
    for name in _FIRST_CONVOLUTIONS:
        if name in weights.names:
            changed["in_channels"] = weights.shape(name)[1]
    for name in _SCALE_EMBEDDINGS:
        if name in weights.names:
            changed["time_cond_proj_dim"] = weights.shape(name)[1]
    return changed


UNET = Component(
    "diffusion_model",
    "unet",
    "the denoising network",
    _unet,
    (
        Layout("input_blocks.0.0.weight", unet_sources, _ORIGINAL_UNET),
        Layout("input_blocks.0.0.weight", unet_sources),
        Layout("conv_in.weight", own_names),
    ),
    _unet_as_the_file_says,
)


def _vae(config: Config) -> AutoencoderKL:
    return cast("AutoencoderKL", AutoencoderKL.from_config(config))


VAE = Component(
    "vae",
    "vae",
    "the autoencoder",
    _vae,
    tuple(
        Layout(marker, sources, prefix)
        for prefix in _VAE_PREFIXES
        for marker, sources in (
            ("decoder.mid.block_1.norm1.weight", vae_sources),
            ("decoder.mid_block.resnets.0.norm1.weight", own_names),
        )
    ),
)

OPEN_CLIP_PADDING = "!"
"""What fills up a text for OpenCLIP's encoders: its number is 0."""

VAE_DTYPE = torch.float32
"""In half precision the activations of SD's and SDXL's autoencoders overflow."""
