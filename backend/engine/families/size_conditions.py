"""What SDXL's networks are told besides noise and prompts: the whole prompt, sizes and more."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from backend.engine.families.base import DenoiserSettings
from backend.engine.families.guiding import PromptRows

_UNCUT = (0, 0)


def size_numbers(settings: DenoiserSettings) -> tuple[float, ...]:
    """The size that the picture had before it was cut, and where it was cut: here, nowhere."""
    return (settings.height, settings.width, *_UNCUT)


def whole_and_numbers(rows: PromptRows, numbers: Sequence[Sequence[float]]) -> dict[str, Tensor]:
    """As diffusers' UNet wants them.

    Args:
        rows: The prompts of a whole batch.
        numbers: For each of the rows.
    """
    return {
        "text_embeds": cast("Tensor", rows.pooled),
        "time_ids": torch.tensor(numbers, dtype=torch.float32, device=rows.states.device),
    }
