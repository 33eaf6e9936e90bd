"""SDXL's refiner, which finishes what SDXL began."""

from collections.abc import Generator
from dataclasses import replace

import torch

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import DenoiserSettings, ModelClock
from backend.engine.families.guiding import PromptRows
from backend.engine.families.sdxl import DEFAULTS, LATENT_TO_RGB
from backend.engine.families.size_conditions import size_numbers, whole_and_numbers
from backend.engine.families.unet_model import UNetModel, latent_format_of, predicts_of
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_G, OPEN_CLIP_PADDING, UNET, VAE, VAE_DTYPE
from backend.engine.prompts.clip import ClipReader
from backend.engine.registry import family
from backend.schema.events import Event

GOOD_LOOKS, BAD_LOOKS = 6.0, 2.5
"""How pleasing the picture is to be, and what it is moved away from; from 1 to 10."""


@family("sdxl_refiner", label="SDXL refiner", defaults=DEFAULTS, uses=("model.clip_g",))
def load(files: CheckpointFiles, device: torch.device) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    dtype = weights_dtype(device)
    scheduler = files.scheduler()
    clock = ModelClock()
    named = replace(CLIP_G, title="the text encoder")
    encoder = yield from load_component(named, files, device, dtype)
    tokenizer = files.tokenizer("tokenizer_2", OPEN_CLIP_PADDING)
    reader = ClipReader(tokenizer, encoder, clock, "last but one")
    unet = yield from load_component(UNET, files, device, dtype)
    vae = yield from load_component(VAE, files, device, VAE_DTYPE)
    return UNetModel(
        unet=unet,
        vae=vae,
        encode_pair=reader.read,
        levels=scheduler.noise_levels(),
        latent_format=latent_format_of(vae, files.side_car().latent_to_rgb or LATENT_TO_RGB),
        predicts=predicts_of(scheduler),
        clock=clock,
        added=_added,
    )


def _added(rows: PromptRows, settings: DenoiserSettings) -> dict[str, torch.Tensor]:
    """The whole prompt, the picture's size, and how pleasing it is to be.

    Source: Stability AI's generative-models, `sd_xl_refiner.yaml`.
    """
    looks = [GOOD_LOOKS]
    if settings.cfg_scale > 1:
        looks = [BAD_LOOKS, GOOD_LOOKS]
    pictures = len(rows.states) // len(looks)
    numbers = [(*size_numbers(settings), look) for look in looks for _ in range(pictures)]
    return whole_and_numbers(rows, numbers)
