"""What was encoded for a training, kept on the disk and, as far as there is room, in memory."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from backend.outputs.writing import write_atomically
from backend.schema.errors import TrainingError

Tensors = Mapping[str, Tensor]
_IN_MEMORY = 2**30
"""Bytes that stay in memory; FLUX's captions take 4 MiB each."""

_KEPT_DAYS = 60


@dataclass
class EncodingCache:
    """Encoded pictures and captions in a folder, each in a file named after what it depends on."""

    folder: Path
    room: int = _IN_MEMORY
    """Bytes."""
    _near: OrderedDict[str, Tensors] = field(default_factory=OrderedDict[str, Tensors])
    """What was asked for last, the oldest first."""
    _used: int = 0
    """Bytes that these take."""

    def has(self, key: str) -> bool:
        """Whether something whole is kept under a key; it is read for that."""
        return self._read(key) is not None

    def get(self, key: str) -> Tensors:
        """What is kept under a key.

        Raises:
            TrainingError: When it is there no more.
        """
        found = self._read(key)
        if found is None:
            raise TrainingError(
                f"Encoded pictures are gone from {self.folder}.",
                "Go on with the training: they are encoded again, and nothing is lost.",
            )
        return found

    def put(self, key: str, tensors: Tensors) -> None:
        """Keep something.

        Raises:
            OutputError: When it cannot be written.
        """
        whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
        write_atomically(self._path(key), save(whole))
        self._remember(key, whole)

    def sweep(self) -> None:
        """Delete what no training has asked for in a long time."""
        oldest = time.time() - _KEPT_DAYS * 24 * 3600
        for path in self.folder.glob("*.safetensors"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _read(self, key: str) -> Tensors | None:
        if key in self._near:
            self._near.move_to_end(key)
            return self._near[key]
        try:
            found = load_file(self._path(key))
        except (OSError, SafetensorError):
            return None
        with suppress(OSError):
            self._path(key).touch()  # so that `sweep` leaves it
        self._remember(key, found)
        return found

    def _remember(self, key: str, tensors: Tensors) -> None:
        self._used += _size(tensors) - _size(self._near.pop(key, {}))
        self._near[key] = tensors
        while self._used > self.room and len(self._near) > 1:
            self._used -= _size(self._near.popitem(last=False)[1])

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"


def _size(tensors: Tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
