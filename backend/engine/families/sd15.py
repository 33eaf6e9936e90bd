"""SD 1.5: Stable Diffusion 1.x and all that was trained from it or in its form."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from PIL import Image
from torch import Tensor

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import (
    Conditioning,
    LatentFormat,
    LatentToRgb,
    ModelClock,
)
from backend.engine.loading.diffusers_folder import DiffusersFolder, open_diffusers_folder
from backend.engine.loading.single_file import SingleFile, family_configs
from backend.engine.postprocess.pictures import to_picture
from backend.engine.prompts.clip import ClipPrompts
from backend.engine.registry import family
from backend.engine.schedules.base import NoiseLevels
from backend.schema.catalogue import FamilyDefaults
from backend.schema.errors import ModelDamagedError
from backend.schema.events import Event, Stage

LATENT_TO_RGB = LatentToRgb(
    # Measured on SD 1.4 and published by Kevin Turner, discuss.huggingface.co/t/23204, 2022.
    factors=(
        (0.298, 0.207, 0.208),
        (0.187, 0.286, 0.173),
        (-0.158, 0.189, 0.264),
        (-0.184, -0.271, -0.473),
    )
)


@dataclass(frozen=True)
class StableDiffusion1:
    """A loaded checkpoint; see `families.base.Model`."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    prompts: ClipPrompts
    levels: NoiseLevels
    latent_format: LatentFormat
    predicts_velocity: bool
    clock: ModelClock

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.unet.device

    def encode_prompts(self, positive: str, negative: str) -> Conditioning:
        """Encode what to draw and what not, to the same number of tokens."""
        return self.prompts.encode(positive, negative)

    def denoiser(self, conditioning: Conditioning, cfg_scale: float) -> "GuidedDenoiser":
        """The guided estimate of the clean latents; at a CFG scale of 1 without the negative."""
        rows = [conditioning.positive]
        if cfg_scale > 1:
            rows = [conditioning.negative, conditioning.positive]
        return GuidedDenoiser(self, torch.cat(rows), cfg_scale)

    def decode(self, latent: Tensor) -> Image.Image:
        """Turn the latents of one picture, shape (4, height, width), into the picture."""
        scaled = latent.unsqueeze(0) / self.vae.config["scaling_factor"]
        with torch.no_grad(), self.clock.running():
            pixels = self.vae.decode(scaled.to(self.vae.dtype), return_dict=False)[0]
        return to_picture(pixels[0])


@dataclass(frozen=True)
class GuidedDenoiser:
    """The estimate of the clean latents under classifier-free guidance (arXiv:2207.12598)."""

    model: StableDiffusion1
    rows: Tensor
    """The encoded prompts, negative first, shape (1 or 2, tokens, width)."""
    cfg_scale: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, 4, height, width), at `sigma`."""
        shrink = (sigma**2 + 1).rsqrt()  # to the unit variance that the network was trained on
        output = self._predict(x * shrink, self.model.levels.timestep(sigma))
        if self.model.predicts_velocity:
            return x * shrink**2 - output * (sigma * shrink)
        return x - output * sigma

    def _predict(self, scaled: Tensor, timestep: Tensor) -> Tensor:
        """The network's output, guided, in the dtype of `scaled`; one call for both prompts."""
        unet, prompts = self.model.unet, len(self.rows)
        batch = scaled.repeat(prompts, 1, 1, 1).to(unet.dtype)
        rows = self.rows.repeat_interleave(len(scaled), dim=0)
        time = timestep.float().to(scaled.device)
        with torch.no_grad(), self.model.clock.running():
            output = unet(batch, time, encoder_hidden_states=rows, return_dict=False)[0]
        guesses = output.to(scaled.dtype).chunk(prompts)
        if prompts == 1:
            return guesses[0]
        negative, positive = guesses
        return negative + self.cfg_scale * (positive - negative)


@family(
    "sd15",
    label="SD 1.5",
    defaults=FamilyDefaults(
        width=512, height=512, steps=25, cfg_scale=7.0, sampler="dpmpp_2m", schedule="karras"
    ),
)
def load(path: Path, device: torch.device) -> Generator[Event, None, StableDiffusion1]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint at `path`.
        ModelDamagedError: When a part is missing or broken.
    """
    folder = _open(path)
    dtype = weights_dtype(device)
    scheduler = folder.scheduler()
    if scheduler.prediction_type not in ("epsilon", "v_prediction"):
        raise ModelDamagedError(f"It predicts “{scheduler.prediction_type}”, which is not known.")
    clock = ModelClock()
    yield Stage(sentence="Loading the text encoder")
    prompts = ClipPrompts(folder.tokenizer(), folder.text_encoder(device, dtype), clock)
    yield Stage(sentence="Loading the denoising network")
    unet = folder.unet(device, dtype)
    yield Stage(sentence="Loading the autoencoder")
    vae = folder.vae(device, torch.float32)  # in half precision its activations overflow
    return StableDiffusion1(
        unet=unet,
        vae=vae,
        prompts=prompts,
        levels=scheduler.noise_levels(),
        latent_format=_latent_format(folder, vae),
        predicts_velocity=scheduler.prediction_type == "v_prediction",
        clock=clock,
    )


def _open(path: Path) -> DiffusersFolder | SingleFile:
    if path.is_file():
        return SingleFile(path, family_configs("sd15"))
    return open_diffusers_folder(path)


def _latent_format(folder: DiffusersFolder | SingleFile, vae: AutoencoderKL) -> LatentFormat:
    return LatentFormat(
        channels=vae.config["latent_channels"],
        scale=2 ** (len(vae.config["block_out_channels"]) - 1),
        to_rgb=folder.side_car().latent_to_rgb or LATENT_TO_RGB,
    )
