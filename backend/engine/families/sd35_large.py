"""SD 3.5 large, its Turbo, and what was trained from them."""

from collections.abc import Generator

import torch

from backend.engine.families.sd3_loading import SIZE_MULTIPLE, USES, load_parts
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.loading.files import CheckpointFiles
from backend.engine.registry import family
from backend.schema.catalogue import FamilyDefaults, VariantInfo
from backend.schema.events import Event

DEFAULTS = FamilyDefaults(
    width=1024, height=1024, steps=28, cfg_scale=4.5, sampler="dpmpp_2m", schedule="simple"
)
TURBO = DEFAULTS.model_copy(update={"steps": 4, "cfg_scale": 1.0, "sampler": "euler"})


@family(
    "sd35_large",
    label="SD 3.5 large",
    defaults=DEFAULTS,
    variants=(
        VariantInfo(
            id="turbo",
            label="Turbo",
            defaults=TURBO,
            note="Draws in 4 steps, without a negative prompt.",
        ),
    ),
    uses=USES,
    size_multiple=SIZE_MULTIPLE,
)
def load(files: CheckpointFiles, device: torch.device) -> Generator[Event, None, StableDiffusion3]:
    """Load a checkpoint; see `sd3_loading.load_parts`."""
    return (yield from load_parts(files, device))
