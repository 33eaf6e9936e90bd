"""Which checkpoints are in memory: those that the last job used, kept for the next one."""

import gc
from collections.abc import Generator
from pathlib import Path

import psutil
import torch

from backend.engine.accelerator import choose_device, use_physical_cores, weights_dtype
from backend.engine.families.base import Model
from backend.engine.loading.files import files_of
from backend.engine.loading.size import readable_size, size_of
from backend.engine.registry import find_family
from backend.schema.events import Event, Stage
from backend.schema.generation import ResolvedModel

_ROOM_TO_DRAW = 2 * 2**30
"""Bytes that drawing itself needs beside two checkpoints."""


class Residency:
    """Holds loaded checkpoints: one, or two that work together and both fit."""

    def __init__(self) -> None:
        self._models: dict[str, tuple[ResolvedModel, Model]] = {}
        self._seconds_of_gone = 0.0

    @property
    def seconds_in_models(self) -> float:
        """The time spent in the networks of all checkpoints so far."""
        return self._seconds_of_gone + sum(
            model.clock.seconds for _, model in self._models.values()
        )

    def load(
        self, wanted: ResolvedModel, partner: ResolvedModel | None = None
    ) -> Generator[Event, None, Model]:
        """Hand out a checkpoint, loading it where it is not in memory.

        Args:
            wanted: The checkpoint.
            partner: Another one that the same job uses, which stays if there is room for both.

        Raises:
            ModelError: When it is missing or broken.
        """
        known = self._models.get(wanted.path)
        if known is not None and known[0] == wanted:
            return known[1]
        self._let_go_but(partner if partner and _fits_beside(wanted) else None)
        yield Stage(sentence=f"Loading {wanted.name} ({readable_size(Path(wanted.path))})")
        use_physical_cores()
        model = yield from find_family(wanted.family).load(files_of(wanted), choose_device())
        self._models[wanted.path] = (wanted, model)
        return model

    def _let_go_but(self, kept: ResolvedModel | None) -> None:
        stays = {path: pair for path, pair in self._models.items() if pair[0] == kept}
        if len(stays) == len(self._models):
            return
        before = self.seconds_in_models
        self._models = stays
        self._seconds_of_gone += before - self.seconds_in_models
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _fits_beside(wanted: ResolvedModel) -> bool:
    """Whether there is room for one more checkpoint, stored in half precision as most are."""
    device = choose_device()
    growth = weights_dtype(device).itemsize / torch.float16.itemsize
    free = psutil.virtual_memory().available
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    return size_of(Path(wanted.path)) * growth + _ROOM_TO_DRAW < free
