"""What every kind of weights file can do."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from torch import Size, Tensor

from backend.engine.loading.kept import Kept
from backend.schema.errors import OutOfMemoryError


class TensorFile(Protocol):
    """An open file with tensors, none of them read before it is asked for."""

    @property
    def names(self) -> frozenset[str]:
        """The weights' names."""
        ...

    def shape(self, name: str) -> Size:
        """The shape of one of them."""
        ...

    def tensor(self, name: str) -> Tensor:
        """One of them, as plain numbers."""
        ...

    def kept(self, name: str) -> Kept:
        """One of them as the file keeps it, not unpacked."""
        ...


class LastUnpacked:
    """Remembers the tensor that was unpacked last: query, key and value are often parts of one."""

    def __init__(self) -> None:
        self._last: tuple[str, Tensor] | None = None

    def get(self, name: str, unpack: Callable[[], Tensor]) -> Tensor:
        """The tensor of that name, unpacked where it is not the last one."""
        if self._last is None or self._last[0] != name:
            self._last = None  # lets go of its memory before the next one takes its own
            self._last = (name, unpack())
        return self._last[1]


def too_large_to_map(path: Path) -> OutOfMemoryError:
    """Say that the system refused to map a file: it counts such maps as memory."""
    size = path.stat().st_size
    return OutOfMemoryError(
        f"“{path.name}” ({size / 1e9:.1f} GB) is too large for this machine's memory.",
        "End other programs, or get the model in a smaller precision, such as fp8 or GGUF.",
        needed_bytes=size,
    )
