"""The tensors of a safetensors file, read one at a time."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from safetensors import SafetensorError, safe_open
from torch import Size, Tensor

from backend.schema.errors import ModelDamagedError, ModelMissingError


class _Slice(Protocol):
    def get_shape(self) -> list[int]: ...


class _Opened(Protocol):
    def keys(self) -> list[str]: ...

    def get_tensor(self, name: str, /) -> Tensor: ...

    def get_slice(self, name: str, /) -> _Slice: ...


@dataclass(frozen=True)
class Weights:
    """An open file, or the part of it whose names begin with a prefix."""

    path: Path
    names: frozenset[str]
    """Without the prefix."""
    prefix: str
    _file: _Opened

    def tensor(self, name: str) -> Tensor:
        """One tensor, as it is stored.

        Raises:
            ModelDamagedError: When it is not there.
        """
        return self._file.get_tensor(self._whole(name))

    def shape(self, name: str) -> Size:
        """The shape of a tensor; its values are not read.

        Raises:
            ModelDamagedError: When it is not there.
        """
        return Size(self._file.get_slice(self._whole(name)).get_shape())

    def under(self, prefix: str) -> "Weights":
        """The tensors whose names begin with `prefix`, named without it."""
        cut = len(prefix)
        names = frozenset(name[cut:] for name in self.names if name.startswith(prefix))
        return Weights(self.path, names, self.prefix + prefix, self._file)

    def _whole(self, name: str) -> str:
        if name not in self.names:
            raise ModelDamagedError(
                f"“{self.path.name}” has no tensor {self.prefix}{name}.",
                "It is incomplete or of another kind. Download it again.",
            )
        return self.prefix + name


@contextmanager
def open_weights(path: Path) -> Generator[Weights]:
    """Map a file into memory; nothing is read before it is asked for.

    Raises:
        ModelMissingError: When it is not there.
        ModelDamagedError: When it is no whole safetensors file.
    """
    if not path.is_file():
        raise ModelMissingError(f"There is no file {path}.", "Was it moved?")
    try:
        opened = safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise ModelDamagedError(
            f"“{path.name}” cannot be read: {error}", "Download it again."
        ) from error
    with opened as file:
        weights = cast("_Opened", file)
        yield Weights(path, frozenset(weights.keys()), "", weights)
