"""SDXL: Stable Diffusion XL and all that was trained from it, such as Pony and Illustrious."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial

import torch

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import (
    DenoiserSettings,
    Encoded,
    LatentToRgb,
)
from backend.engine.families.guiding import PromptRows
from backend.engine.families.size_conditions import size_numbers, whole_and_numbers
from backend.engine.families.unet_loading import UNET_USES, inpainting, load_drawing_parts
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.components import load_component
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.parts import CLIP_G, CLIP_L, OPEN_CLIP_PADDING
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.clip import ClipReader
from backend.engine.prompts.reading import Reading
from backend.engine.registry import family, learned
from backend.schema.catalogue import FamilyDefaults, VariantInfo
from backend.schema.events import Event

LATENT_TO_RGB = LatentToRgb(
    # Published with ComfyUI, `latent_formats.py`, 2025.
    factors=(
        (0.3651, 0.4232, 0.4341),
        (-0.2533, -0.0042, 0.1068),
        (0.1076, 0.1111, -0.0362),
        (-0.3165, -0.2492, -0.2188),
    ),
    bias=(0.1084, -0.0175, -0.0011),
)
DEFAULTS = FamilyDefaults(
    width=1024, height=1024, steps=30, cfg_scale=6.0, sampler="dpmpp_2m", schedule="karras"
)

SIZES = ((1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640))
"""Of those that it learned, Podell et al. 2023 (arXiv:2307.01952), appendix I."""


def _quick(**changed: object) -> FamilyDefaults:
    """The settings of a distilled variant: few steps, no guidance."""
    few = {"cfg_scale": 1.0, "sampler": "euler", "schedule": "simple"}
    return DEFAULTS.model_copy(update={**few, **changed})


VARIANTS = (
    VariantInfo(
        id="turbo",
        label="Turbo",
        defaults=_quick(width=512, height=512, steps=4, sampler="euler_a"),
        note="Draws in 1 to 4 steps, best at 512 × 512.",
    ),
    VariantInfo(
        id="lightning",
        label="Lightning",
        defaults=_quick(steps=8),
        note="Draws in the number of steps that its name says: 2, 4 or 8.",
    ),
    VariantInfo(
        id="hyper",
        label="Hyper",
        defaults=_quick(steps=8, sampler="ddim"),
        note="Draws in 1 to 8 steps.",
    ),
    VariantInfo(
        id="lcm",
        label="LCM",
        defaults=_quick(steps=6, cfg_scale=1.5, sampler="lcm"),
        note="Draws in 4 to 8 steps at a low CFG scale.",
    ),
    VariantInfo(
        id="pony",
        label="Pony",
        defaults=DEFAULTS.model_copy(
            update={
                "steps": 25,
                "cfg_scale": 7.0,
                "sampler": "euler_a",
                "schedule": "normal",
                "prompt": "score_9, score_8_up, score_7_up",
                "negative": "score_6, score_5, score_4",
            }
        ),
        note="Its makers have every prompt begin with score words.",
    ),
    VariantInfo(
        id="illustrious",
        label="Illustrious",
        defaults=DEFAULTS.model_copy(update={"sampler": "euler_a", "schedule": "normal"}),
        note="Reads tags in the manner of picture boards.",
    ),
    inpainting(DEFAULTS),
)


@learned(*SIZES)
@family(
    "sdxl",
    label="SDXL",
    defaults=DEFAULTS,
    variants=VARIANTS,
    uses=(
        "model.clip_l",
        "model.clip_g",
        "model.clip_skip",
        "refiner.checkpoint",
        "refiner.switch_at",
        *UNET_USES,
    ),
)
def load(files: CheckpointFiles, workplace: Workplace) -> Generator[Event, None, UNetModel]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    dtype = weights_dtype(workplace.device)
    first = yield from load_component(replace(CLIP_L, title="CLIP-L"), files, workplace, dtype)
    second = yield from load_component(replace(CLIP_G, title="CLIP-G"), files, workplace, dtype)
    padding = OPEN_CLIP_PADDING
    readers = (
        ClipReader(files.tokenizer(), first, workplace, "last but one"),
        ClipReader(files.tokenizer("tokenizer_2", padding), second, workplace, "last but one"),
    )
    return (
        yield from load_drawing_parts(
            files, workplace, partial(_encode, readers), LATENT_TO_RGB, _added
        )
    )


def _encode(
    readers: tuple[ClipReader, ClipReader], texts: Sequence[str], reading: Reading
) -> tuple[Encoded, ...]:
    """What both encoders say of each token side by side, and what the second says of the whole."""
    first, second = (reader.read(texts, reading) for reader in readers)
    return tuple(map(_side_by_side, first, second))


def _side_by_side(first: Encoded, second: Encoded) -> Encoded:
    return Encoded(torch.cat([first.states, second.states], dim=-1), second.pooled)


def _added(rows: PromptRows, settings: DenoiserSettings) -> dict[str, torch.Tensor]:
    """The whole prompt, and that the picture is uncut and of the size it has.

    Source: Podell et al. 2023 (arXiv:2307.01952), section 2.2.
    """
    numbers = (*size_numbers(settings), settings.height, settings.width)
    return whole_and_numbers(rows, [numbers] * len(rows.states))
