"""Finished latents on disk, so that nothing that happens afterwards costs the drawing."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError

LOG = logging.getLogger(__name__)
_NAME = "latents"
SECONDS_KEPT = 7 * 24 * 3600.0
"""Jobs that failed or were cancelled never come back for theirs."""


@dataclass(frozen=True)
class LatentStore:
    """The drawn pictures of one job that wait for being decoded and saved."""

    folder: Path
    job: str

    def keep(self, index: int, latent: Tensor) -> None:
        """Write the latents of picture `index`, shape (channels, height, width).

        A disk that refuses them only costs the safety net.
        """
        try:
            write_atomically(self._file(index), save({_NAME: latent.contiguous().cpu()}))
        except OutputError as error:
            LOG.warning("latents.unsaved job=%s index=%s reason=%s", self.job, index, error)

    def find(self, index: int) -> Tensor | None:
        """The latents of picture `index`, on the CPU; None where there are none."""
        try:
            return load(self._file(index).read_bytes()).get(_NAME)
        except (OSError, SafetensorError):
            return None

    def forget(self, index: int) -> None:
        """Remove the latents of a picture that is saved."""
        _remove(self._file(index))

    def sweep(self) -> None:
        """Remove what jobs left a week ago."""
        oldest = time.time() - SECONDS_KEPT
        for file in self.folder.glob("*.safetensors"):
            if _age(file) < oldest:
                _remove(file)

    def _file(self, index: int) -> Path:
        return self.folder / f"{self.job}-{index}.safetensors"


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return time.time()


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        LOG.warning("latents.left file=%s reason=%s", file.name, error)
