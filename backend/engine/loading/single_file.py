"""Loading a checkpoint kept as one file in the original layout of Stable Diffusion 1."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar, cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from backend.engine.families import configs
from backend.engine.loading.diffusers_folder import SchedulerConfig, SideCar
from backend.engine.loading.original.clip import clip_sources
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources
from backend.engine.loading.source import Source, fill
from backend.engine.loading.weights import open_weights
from backend.engine.prompts.clip_tokenizer import clip_tokenizer

Module = TypeVar("Module", CLIPTextModel, UNet2DConditionModel, AutoencoderKL)
SourcesOf = Callable[[Collection[str]], dict[str, Source]]

_UNET, _VAE, _ENCODER = "model.diffusion_model.", "first_stage_model.", "cond_stage_model."
_VELOCITY_MARK = "v_pred"


@dataclass(frozen=True)
class SingleFile:
    """A `.safetensors` file with the denoising network, the text encoder and the autoencoder."""

    path: Path
    configs: Traversable
    """The folder with the components' configs: `unet.json`, `vae.json`, `text_encoder.json`."""

    def scheduler(self) -> SchedulerConfig:
        """How training's noise looked; an empty tensor of that name tells of a velocity model."""
        with open_weights(self.path) as weights:
            velocity = _VELOCITY_MARK in weights.names
        return SchedulerConfig(prediction_type="v_prediction" if velocity else "epsilon")

    def side_car(self) -> SideCar:
        """A single file has none."""
        return SideCar()

    def tokenizer(self) -> CLIPTokenizer:
        """CLIP's tokenizer."""
        return clip_tokenizer()

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> CLIPTextModel:
        """CLIP's text encoder, ready to compute.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        with torch.device("meta"):
            encoder = CLIPTextModel(CLIPTextConfig.from_dict(self._config("text_encoder")))
        prefix = f"{_ENCODER}transformer."
        self._fill(encoder, clip_sources, prefix, dtype, device)
        _count_positions(encoder, device)
        return encoder

    def unet(self, device: torch.device, dtype: torch.dtype) -> UNet2DConditionModel:
        """The denoising network, ready to compute.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        with torch.device("meta"):
            made = UNet2DConditionModel.from_config(self._config("unet"))
        unet = cast("UNet2DConditionModel", made)
        return self._fill(unet, unet_sources, _UNET, dtype, device)

    def vae(self, device: torch.device, dtype: torch.dtype) -> AutoencoderKL:
        """The autoencoder, ready to compute.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        with torch.device("meta"):
            made = AutoencoderKL.from_config(self._config("vae"))
        vae = cast("AutoencoderKL", made)
        return self._fill(vae, vae_sources, _VAE, dtype, device)

    def _fill(
        self,
        module: Module,
        sources_of: SourcesOf,
        prefix: str,
        dtype: torch.dtype,
        device: torch.device,
    ) -> Module:
        inner = cast("torch.nn.Module", module)
        with open_weights(self.path) as weights:
            fill(inner, sources_of(inner.state_dict()), weights.under(prefix), dtype, device)
        inner.eval()
        return module

    def _config(self, name: str) -> dict[str, object]:
        return json.loads(self.configs.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def family_configs(family: str) -> Traversable:
    """The folder with the published configs of a family."""
    return resources.files(configs).joinpath(family)


def _count_positions(encoder: CLIPTextModel, device: torch.device) -> None:
    """Make what no file holds: the numbers of the positions, a buffer of transformers."""
    for module in cast("torch.nn.Module", encoder).modules():
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                positions = torch.arange(buffer.shape[-1], device=device).expand(buffer.shape)
                module.register_buffer(name, positions, persistent=False)
