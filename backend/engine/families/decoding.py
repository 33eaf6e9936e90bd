"""From latents to pictures, with the autoencoder of any family."""

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image
from torch import Tensor

from backend.engine.families.base import ModelClock
from backend.engine.postprocess.pictures import to_picture


def decoded(vae: AutoencoderKL, latent: Tensor, clock: ModelClock) -> Image.Image:
    """Turn the latents of one picture, shape (channels, height, width), into the picture."""
    scaled = latent.unsqueeze(0) / vae.config["scaling_factor"]
    if vae.config["shift_factor"] is not None:
        scaled = scaled + vae.config["shift_factor"]
    with torch.no_grad(), clock.running():
        pixels = vae.decode(scaled.to(vae.dtype), return_dict=False)[0]
    return to_picture(pixels[0])
