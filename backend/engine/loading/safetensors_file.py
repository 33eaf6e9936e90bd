"""The tensors of a safetensors file, mapped into memory."""

from pathlib import Path
from typing import Protocol, cast

from safetensors import SafetensorError, safe_open
from torch import Size, Tensor

from backend.engine.loading.fp8 import (
    helper_names,
    require_known_scale,
    scale_names,
    scaled,
)
from backend.engine.loading.kept import Kept
from backend.engine.loading.tensor_file import LastUnpacked, too_large_to_map
from backend.schema.errors import ModelDamagedError


class _Slice(Protocol):
    def get_shape(self) -> list[int]: ...


class _Opened(Protocol):
    def keys(self) -> list[str]: ...

    def get_tensor(self, name: str, /) -> Tensor: ...

    def get_slice(self, name: str, /) -> _Slice: ...

    def metadata(self) -> dict[str, str] | None: ...


class SafetensorsFile:
    """A safetensors file; satisfies `TensorFile`."""

    def __init__(self, path: Path) -> None:
        """Map the file.

        Raises:
            ModelDamagedError: When it is no whole safetensors file.
            OutOfMemoryError: When the system has no room for a map of that size.
        """
        try:
            self._file = cast("_Opened", safe_open(path, framework="pt"))
        except (SafetensorError, OSError) as error:
            raise ModelDamagedError(
                f"“{path.name}” cannot be read: {error}", "Download it again."
            ) from error
        except RuntimeError as error:
            raise too_large_to_map(path) from error
        self._all = frozenset(self._file.keys())
        self._scales = scale_names(self._all)
        self._last = LastUnpacked()
        self.names = self._all - helper_names(self._all)

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself; empty where it says nothing."""
        return self._file.metadata() or {}

    def shape(self, name: str) -> Size:
        """The shape of a tensor; its values are not read."""
        return Size(self._file.get_slice(name).get_shape())

    def tensor(self, name: str) -> Tensor:
        """One tensor as it is stored, a view of the mapped file; multiplied where it has a scale.

        Raises:
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        if name not in self._scales:
            return self._file.get_tensor(name)
        return self._last.get(name, self.kept(name).numbers)

    def kept(self, name: str) -> Kept:
        """One tensor as it is stored, a view of the mapped file, with its scale beside it.

        Raises:
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        stored = self._file.get_tensor(name)
        if name not in self._scales:
            return Kept(stored)
        scale = self._file.get_tensor(self._scales[name])
        require_known_scale(stored, scale, name, self._all)
        return Kept(stored, scale, scaled)
