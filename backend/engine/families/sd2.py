"""SD 2.x: Stable Diffusion 2.0 and 2.1, with OpenCLIP's text encoder."""

from collections.abc import Generator

from backend.engine.accelerator import weights_dtype
from backend.engine.families.sd15 import LATENT_TO_RGB
from backend.engine.families.unet_loading import UNET_USES, inpainting, load_drawing_parts
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_H, OPEN_CLIP_PADDING
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.clip import ClipReader
from backend.engine.registry import family, learned, reads
from backend.schema.catalogue import FamilyDefaults, PromptReading, VariantInfo
from backend.schema.events import Event

DEFAULTS = FamilyDefaults(
    width=768, height=768, steps=30, cfg_scale=7.0, sampler="dpmpp_2m", schedule="karras"
)
SIZES = ((768, 768), (960, 768), (1152, 768), (1344, 768))
"""As SD 1.5's: it learned squares."""
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


@reads(PromptReading(width=1024))
@learned(*SIZES)
@family(
    "sd2",
    label="SD 2.x",
    defaults=DEFAULTS,
    variants=(
        VariantInfo(id="turbo", label="Turbo", defaults=TURBO, note="Draws in 1 to 4 steps."),
        inpainting(DEFAULTS.model_copy(update={"width": 512, "height": 512})),
    ),
    uses=UNET_USES,
)
def load(files: CheckpointFiles, workplace: Workplace) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    The text encoder is read at its last layer but one, which is the last that the config has.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    encoder = yield from load_component(CLIP_H, files, workplace, weights_dtype(workplace.device))
    reader = ClipReader(files.tokenizer(padding=OPEN_CLIP_PADDING), encoder, workplace)
    return (yield from load_drawing_parts(files, workplace, reader.read, LATENT_TO_RGB))
