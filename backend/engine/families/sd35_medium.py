"""SD 3.5 medium, which has a second attention in its first blocks, and what was trained from it."""

from collections.abc import Generator

import torch

from backend.engine.families.sd3_loading import SIZE_MULTIPLE, USES, load_parts
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.loading.files import CheckpointFiles
from backend.engine.registry import family
from backend.schema.catalogue import FamilyDefaults
from backend.schema.events import Event


@family(
    "sd35_medium",
    label="SD 3.5 medium",
    defaults=FamilyDefaults(
        width=1024, height=1024, steps=28, cfg_scale=5.0, sampler="dpmpp_2m", schedule="simple"
    ),
    uses=USES,
    size_multiple=SIZE_MULTIPLE,
)
def load(files: CheckpointFiles, device: torch.device) -> Generator[Event, None, StableDiffusion3]:
    """Load a checkpoint; see `sd3_loading.load_parts`."""
    return (yield from load_parts(files, device))
