"""What inpainting networks see where there is no picture: that all is to be painted."""

import torch

from backend.engine.families.base import DenoiserSettings, Masked
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL


def all_to_paint(vae: AutoencoderKL, workplace: Workplace, settings: DenoiserSettings) -> Masked:
    """A mask that leaves nothing of a picture, which is grey.

    Args:
        vae: What encodes the picture.
        workplace: Where it works.
        settings: They say how large it is.
    """
    size, device = (settings.height, settings.width), workplace.device
    grey = torch.zeros(1, 3, *size, device=device)
    with torch.no_grad(), workplace.at_work(vae):
        left = vae.encode(grey.to(vae.dtype), return_dict=False)[0].mode()
    left = (left.float() - (vae.config["shift_factor"] or 0.0)) * vae.config["scaling_factor"]
    return Masked(torch.ones(1, 1, *size, device=device), left)
