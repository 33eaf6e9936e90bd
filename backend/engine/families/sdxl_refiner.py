"""SDXL's refiner, which finishes what SDXL began."""

from collections.abc import Generator
from dataclasses import replace

import torch

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import DenoiserSettings
from backend.engine.families.guiding import PromptRows
from backend.engine.families.sdxl import DEFAULTS, LATENT_TO_RGB
from backend.engine.families.size_conditions import size_numbers, whole_and_numbers
from backend.engine.families.unet_loading import load_drawing_parts
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_G, OPEN_CLIP_PADDING
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.clip import ClipReader
from backend.engine.registry import family
from backend.schema.events import Event

GOOD_LOOKS, BAD_LOOKS = 6.0, 2.5
"""How pleasing the picture is to be, and what it is moved away from; from 1 to 10."""


@family("sdxl_refiner", label="SDXL refiner", defaults=DEFAULTS, uses=("model.clip_g",))
def load(files: CheckpointFiles, workplace: Workplace) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    named = replace(CLIP_G, title="the text encoder")
    encoder = yield from load_component(named, files, workplace, weights_dtype(workplace.device))
    tokenizer = files.tokenizer("tokenizer_2", OPEN_CLIP_PADDING)
    reader = ClipReader(tokenizer, encoder, workplace, "last but one")
    return (yield from load_drawing_parts(files, workplace, reader.read, LATENT_TO_RGB, _added))


def _added(rows: PromptRows, settings: DenoiserSettings) -> dict[str, torch.Tensor]:
    """The whole prompt, the picture's size, and how pleasing it is to be.

    Source: Stability AI's generative-models, `sd_xl_refiner.yaml`.
    """
    looks = [BAD_LOOKS] * rows.guided + [GOOD_LOOKS] * len(rows.weights)
    pictures = len(rows.states) // len(looks)
    numbers = [(*size_numbers(settings), look) for look in looks for _ in range(pictures)]
    return whole_and_numbers(rows, numbers)
