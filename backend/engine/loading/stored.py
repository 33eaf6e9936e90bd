"""The tensors of a file of any kind that can be converted, none of them read before its turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from backend.engine.loading.fp8 import scale_names
from backend.engine.loading.pickles import read_pickle
from backend.engine.loading.safetensors_file import SafetensorsFile
from backend.engine.loading.safetensors_writer import DTYPES
from backend.formats.safetensors import read_safetensors
from backend.schema.conversion import PICKLE_SUFFIXES
from backend.schema.errors import ModelDamagedError

_TYPES = {name: dtype for dtype, name in DTYPES.items()}


@dataclass(frozen=True)
class Stored:
    """One tensor of a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    read: Callable[[], Tensor]

    @property
    def bytes(self) -> int:
        """What it takes."""
        return torch.Size(self.shape).numel() * self.dtype.itemsize

    @classmethod
    def of(cls, tensor: Tensor) -> "Stored":
        """A tensor that is here, or mapped."""
        return cls(tensor.dtype, tuple(tensor.shape), lambda: tensor)


@dataclass(frozen=True)
class StoredFile:
    """What a file holds."""

    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    """Tensors that safetensors has no place for."""


def open_stored(path: Path, *, unpacked: bool) -> StoredFile:
    """Open a pickle, of which nothing is run, or a safetensors file.

    Args:
        path: The file.
        unpacked: Whether eight-bit numbers with a scale are to be multiplied by it; otherwise they
            and their scales are as the file has them.

    Raises:
        ModelError: When it is damaged, or wants to run something.
    """
    if path.suffix.lower() in PICKLE_SUFFIXES:
        found = read_pickle(path)
        able = {name: Stored.of(tensor) for name, tensor in found.items() if _has_place(tensor)}
        return StoredFile(able, {}, tuple(sorted(found.keys() - able.keys())))
    with path.open("rb") as file:
        header = read_safetensors(file, path.name, path.stat().st_size)
    unknown = {tensor.dtype for tensor in header.tensors.values()} - _TYPES.keys()
    if unknown:
        raise ModelDamagedError(
            f"“{path.name}” has numbers of the format {min(unknown)}, which cannot be converted.",
            "Get another version of the model.",
        )
    mapped = SafetensorsFile(path)
    scaled = scale_names(header.tensors.keys()) if unpacked else {}
    opened = safe_open(path, framework="pt")
    names = mapped.names if scaled else header.tensors.keys()
    tensors = {
        name: Stored(
            torch.float32 if name in scaled else _TYPES[header.tensors[name].dtype],
            header.tensors[name].shape,
            partial(mapped.tensor if scaled else opened.get_tensor, name),
        )
        for name in names
    }
    return StoredFile(tensors, header.metadata)


def _has_place(tensor: Tensor) -> bool:
    """Whether safetensors has a place for it: neither sparse, nor quantised, nor complex."""
    return tensor.dtype in DTYPES and tensor.layout is torch.strided
