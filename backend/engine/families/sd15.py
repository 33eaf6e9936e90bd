"""SD 1.5: Stable Diffusion 1.x and all that was trained from it or in its form."""

from collections.abc import Generator

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import LatentToRgb
from backend.engine.families.unet_loading import UNET_USES, inpainting, load_drawing_parts
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_L
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.clip import ClipReader
from backend.engine.registry import family, learned
from backend.schema.catalogue import FamilyDefaults, VariantInfo
from backend.schema.events import Event

LATENT_TO_RGB = LatentToRgb(
    # Measured on SD 1.4 and published by Kevin Turner, discuss.huggingface.co/t/23204, 2022.
    factors=(
        (0.298, 0.207, 0.208),
        (0.187, 0.286, 0.173),
        (-0.158, 0.189, 0.264),
        (-0.184, -0.271, -0.473),
    )
)
DEFAULTS = FamilyDefaults(
    width=512, height=512, steps=25, cfg_scale=7.0, sampler="dpmpp_2m", schedule="karras"
)
SIZES = ((512, 512), (640, 512), (768, 512), (896, 512))
"""It learned squares: where the short side is as long as theirs, objects keep their size."""
LCM = DEFAULTS.model_copy(
    update={"steps": 6, "cfg_scale": 1.5, "sampler": "lcm", "schedule": "simple"}
)
HYPER = DEFAULTS.model_copy(
    update={"steps": 8, "cfg_scale": 1.0, "sampler": "ddim", "schedule": "simple"}
)


@learned(*SIZES)
@family(
    "sd15",
    label="SD 1.5",
    defaults=DEFAULTS,
    variants=(
        VariantInfo(
            id="lcm", label="LCM", defaults=LCM, note="Draws in 4 to 8 steps at a low CFG scale."
        ),
        VariantInfo(id="hyper", label="Hyper", defaults=HYPER, note="Draws in 1 to 8 steps."),
        inpainting(DEFAULTS),
    ),
    uses=("model.clip_l", "model.clip_skip", *UNET_USES),
)
def load(files: CheckpointFiles, workplace: Workplace) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    encoder = yield from load_component(CLIP_L, files, workplace, weights_dtype(workplace.device))
    reader = ClipReader(files.tokenizer(), encoder, workplace)
    return (yield from load_drawing_parts(files, workplace, reader.read, LATENT_TO_RGB))
