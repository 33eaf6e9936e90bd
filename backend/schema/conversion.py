"""Converting a pickled checkpoint to safetensors."""

from pathlib import Path
from typing import Final

from backend.schema.base import Frozen

PICKLE_SUFFIXES: Final = frozenset({".ckpt", ".pt", ".pth", ".bin"})


class ConversionRequest(Frozen):
    """Which file to convert; it is kept."""

    path: str

    @property
    def source(self) -> Path:
        """The pickled file."""
        return Path(self.path)

    @property
    def target(self) -> Path:
        """The safetensors file that is written beside it."""
        return self.source.with_suffix(".safetensors")
