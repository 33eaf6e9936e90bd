"""Writing a model in another format or precision."""

from pathlib import Path
from typing import Final, Literal

from backend.schema.base import Frozen

PICKLE_SUFFIXES: Final = frozenset({".ckpt", ".pt", ".pth", ".bin"})
CONVERTIBLE_SUFFIXES: Final = PICKLE_SUFFIXES | {".safetensors", ".sft"}
WRITTEN_SUFFIX: Final = ".safetensors"

TargetPrecision = Literal["same", "fp16", "bf16", "fp8"]
"""What the numbers are stored as: as they are, in half precision, or the network's matrices in
eight bits (e4m3) and the rest in half precision."""


class ConversionRequest(Frozen):
    """Which file to convert, and to what; it is kept."""

    path: str
    to: TargetPrecision = "same"
    pruned: bool = False
    """Whether to leave out what drawing does not need: averages, a trainer's state, losses."""
    name: str = ""
    """What the new file is called; empty for the old name with what was done to it."""

    @property
    def source(self) -> Path:
        """The file to convert."""
        return Path(self.path)

    @property
    def target(self) -> Path:
        """The safetensors file that is written beside it."""
        if self.name:
            return self.source.with_name(self.name.removesuffix(WRITTEN_SUFFIX) + WRITTEN_SUFFIX)
        done = ("" if self.to == "same" else self.to, "pruned" if self.pruned else "")
        words = (self.source.stem, *(word for word in done if word))
        return self.source.with_name("-".join(words) + WRITTEN_SUFFIX)

    @property
    def sentence(self) -> str:
        """What is done, as the new file tells of itself."""
        done = ("" if self.to == "same" else f"to {self.to}", "pruned" if self.pruned else "")
        return ", ".join((f"from {self.source.name}", *(word for word in done if word)))
