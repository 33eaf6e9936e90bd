"""What the families with a UNet have in common in loading: all but their text encoders."""

from collections.abc import Generator

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import LatentToRgb
from backend.engine.families.decoding import latent_format_of
from backend.engine.families.unet_model import AddedConditions, UNetModel, predicts_of
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import UNET, VAE, VAE_DTYPE
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.remembered import EncodePrompts
from backend.schema.catalogue import FamilyDefaults, VariantInfo
from backend.schema.events import Event

UNET_USES = ("sampling.cfg_rescale", "sampling.terminal_noise", "size.seamless")
"""The special fields that every UNet uses."""


def load_drawing_parts(
    files: CheckpointFiles,
    workplace: Workplace,
    encode: EncodePrompts,
    to_rgb: LatentToRgb,
    added: AddedConditions | None = None,
) -> Generator[Event, None, UNetModel]:
    """Load the denoising network and the autoencoder, and put the checkpoint together.

    Args:
        files: The checkpoint.
        workplace: Where the text encoders work, too.
        encode: Encodes prompts.
        to_rgb: The family's guess of pictures, where the checkpoint has none of its own.
        added: What the family tells its UNet besides noise level and prompts.

    Raises:
        ModelMissingError: When a part is missing.
        ModelDamagedError: When a part is broken.
        ModelError: When the network predicts what Easel does not know.
    """
    scheduler = files.scheduler()
    predicts = predicts_of(scheduler)
    unet = yield from load_component(UNET, files, workplace, weights_dtype(workplace.device))
    vae = yield from load_component(VAE, files, workplace, VAE_DTYPE)
    return UNetModel(
        unet=unet,
        vae=vae,
        encode=encode,
        scheduler=scheduler,
        levels=scheduler.noise_levels(),
        latent_format=latent_format_of(vae, files.side_car().latent_to_rgb or to_rgb),
        predicts=predicts,
        workplace=workplace,
        added=added,
    )


def inpainting(defaults: FamilyDefaults) -> VariantInfo:
    """The variant of a family that repaints parts of a picture."""
    return VariantInfo(
        id="inpainting",
        label="Inpainting",
        defaults=defaults,
        note="Made to repaint parts of a picture; from words alone it paints all of it.",
    )
