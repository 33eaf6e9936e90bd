"""A model file's table of contents: names, shapes and number formats, without the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Literal, NamedTuple

DOWNLOAD_AGAIN: Final = "Download it again."


class TensorInfo(NamedTuple):
    """One tensor's place and shape; a named tuple, because a header holds thousands."""

    shape: tuple[int, ...]
    """In torch's order, rows first."""
    dtype: str
    """As the format names it: `F16`, `F8_E4M3`, `Q4_K`."""
    start: int
    """Where its bytes begin, counted from the start of the file."""
    bytes: int

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


@dataclass(frozen=True)
class Header:
    """Everything a file says of itself before its first number."""

    format: Literal["safetensors", "gguf"]
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    file_bytes: int
