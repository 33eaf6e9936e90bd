"""The model's networks behind plain signatures, because diffusers' own leave types open."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from recipes.starter.training import channels_last


class Autoencoder(nn.Module):
    """The autoencoder between pixels (−1 … 1) and latents whose deviation is about one."""

    def __init__(self, network: AutoencoderKL) -> None:
        super().__init__()
        cast("nn.Module", network).to(memory_format=torch.channels_last)
        self.network = network
        self._factor = float(network.config["scaling_factor"])

    def only_decoder_learns(self) -> list[nn.Parameter]:
        """Freeze the encoder, so that latents keep their meaning; return what may change."""
        frozen = (self.network.encoder, self.network.quant_conv)
        for part in frozen:
            cast("nn.Module", part).requires_grad_(False)
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def encode(self, pixels: Tensor) -> Tensor:
        """Return the most likely latents, N × 4 × H/8 × W/8."""
        answer = self.network.encode(channels_last(pixels), return_dict=False)
        spread = cast("tuple[DiagonalGaussianDistribution]", answer)[0]
        return spread.mode().float() * self._factor

    def decode(self, latents: Tensor) -> Tensor:
        """Return pixels, N × 3 × H × W."""
        scaled = cast("torch.FloatTensor", channels_last(latents / self._factor))
        return cast("tuple[Tensor]", self.network.decode(scaled, return_dict=False))[0].float()


def open_autoencoder(folder: Path) -> Autoencoder:
    """Open an autoencoder in float32."""
    return Autoencoder(AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32))


def open_unet(folder: Path) -> UNet2DConditionModel:
    """Open a UNet in float32, in the memory order that is fastest on processors."""
    unet = UNet2DConditionModel.from_pretrained(folder, torch_dtype=torch.float32)
    cast("nn.Module", unet).to(memory_format=torch.channels_last)
    return unet


@dataclass(frozen=True, kw_only=True)
class Noised:
    """What a network sees: noisy latents, their times (0–999) and the text's states."""

    latents: Tensor
    times: Tensor
    text: Tensor


@dataclass(frozen=True, kw_only=True)
class Control:
    """What a ControlNet adds to the UNet: one tensor for each skip, and one in the middle."""

    skips: list[Tensor]
    middle: Tensor


def predict(unet: UNet2DConditionModel, seen: Noised, control: Control | None = None) -> Tensor:
    """Return the velocity that the network predicts, float32."""
    answer = unet(
        channels_last(seen.latents),
        seen.times,
        seen.text,
        down_block_additional_residuals=tuple(control.skips) if control else None,
        mid_block_additional_residual=control.middle if control else None,
        return_dict=False,
    )
    return cast("tuple[Tensor]", answer)[0].float()


def steer(network: ControlNetModel, seen: Noised, maps: Tensor) -> Control:
    """Return what the ControlNet makes of maps, N × 3 × H × W, values 0–1."""
    answer = network(
        channels_last(seen.latents),
        seen.times,
        seen.text,
        controlnet_cond=channels_last(maps),
        return_dict=False,
    )
    skips, middle = cast("tuple[list[Tensor], Tensor]", answer)
    return Control(skips=skips, middle=middle)
