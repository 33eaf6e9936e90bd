"""Which checkpoint is in memory: the one used last, kept for the next job."""

import gc
from collections.abc import Generator
from pathlib import Path

import torch

from backend.engine.accelerator import choose_device, use_physical_cores
from backend.engine.families.base import Model
from backend.engine.loading.size import readable_size
from backend.engine.registry import find_family
from backend.schema.events import Event, Stage
from backend.schema.generation import ResolvedModel


class Residency:
    """Holds one loaded checkpoint, and lets it go before the next one is loaded."""

    def __init__(self) -> None:
        self._wanted: ResolvedModel | None = None
        self._model: Model | None = None

    def load(self, wanted: ResolvedModel) -> Generator[Event, None, Model]:
        """Hand out a checkpoint, loading it where it is not the one in memory.

        Raises:
            ModelError: When it is missing or broken.
        """
        if self._model is not None and self._wanted == wanted:
            return self._model
        self._let_go()
        path = Path(wanted.path)
        yield Stage(sentence=f"Loading {wanted.name} ({readable_size(path)})")
        use_physical_cores()
        model = yield from find_family(wanted.family).load(path, choose_device())
        self._wanted, self._model = wanted, model
        return model

    def _let_go(self) -> None:
        self._wanted = self._model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
