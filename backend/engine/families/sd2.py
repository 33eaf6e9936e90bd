"""SD 2.x: Stable Diffusion 2.0 and 2.1, with OpenCLIP's text encoder."""

from collections.abc import Generator

import torch

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import ModelClock
from backend.engine.families.sd15 import LATENT_TO_RGB
from backend.engine.families.unet_model import UNetModel, latent_format_of, predicts_of
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_H, OPEN_CLIP_PADDING, UNET, VAE, VAE_DTYPE
from backend.engine.prompts.clip import ClipReader
from backend.engine.registry import family
from backend.schema.catalogue import FamilyDefaults, VariantInfo
from backend.schema.events import Event

DEFAULTS = FamilyDefaults(
    width=768, height=768, steps=30, cfg_scale=7.0, sampler="dpmpp_2m", schedule="karras"
)
TURBO = DEFAULTS.model_copy(
    update={
        "width": 512,
        "height": 512,
        "steps": 2,
        "cfg_scale": 1.0,
        "sampler": "euler_a",
        "schedule": "simple",
    }
)


@family(
    "sd2",
    label="SD 2.x",
    defaults=DEFAULTS,
    variants=(
        VariantInfo(id="turbo", label="Turbo", defaults=TURBO, note="Draws in 1 to 4 steps."),
        VariantInfo(
            id="inpainting",
            label="Inpainting",
            defaults=DEFAULTS.model_copy(update={"width": 512, "height": 512}),
            note="Made to repaint parts of a picture; from words alone it paints all of it.",
        ),
    ),
)
def load(files: CheckpointFiles, device: torch.device) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    The text encoder is read at its last layer but one, which is the last that the config has.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    dtype = weights_dtype(device)
    scheduler = files.scheduler()
    clock = ModelClock()
    encoder = yield from load_component(CLIP_H, files, device, dtype)
    reader = ClipReader(files.tokenizer(padding=OPEN_CLIP_PADDING), encoder, clock)
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
    )
