"""Writing a safetensors file one tensor at a time, telling how far it is.

Source: the format's description in the safetensors repository.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

DTYPES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.int16: "I16",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
    torch.float32: "F32",
    torch.int64: "I64",
    torch.float64: "F64",
}
"""The format's names."""
_ALIGNMENT = 8
_TOLD_BYTES = 32_000_000
"""How much is written between two reports."""


class Writable(Protocol):
    """A tensor that is read when its turn comes."""

    @property
    def dtype(self) -> torch.dtype:
        """One of `DTYPES`."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        ...

    @property
    def bytes(self) -> int:
        """What it takes."""
        ...

    @property
    def read(self) -> "Read":
        """Reads it; see `Read`."""
        ...


class Read(Protocol):
    """Reads a tensor, dense and of the type and shape that were told."""

    def __call__(self) -> Tensor:
        """Do it."""
        ...


def write_safetensors(
    path: Path, tensors: Mapping[str, Writable], metadata: Mapping[str, str]
) -> Iterator[int]:
    """Write the file and flush it to the disk; one tensor at a time is in memory.

    Tensors that share memory or have gaps are written each on its own.

    Yields:
        How many bytes of tensors are written, now and then.
    """
    # The widest numbers first, so that each tensor is aligned to its own.
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    with path.open("wb") as file:
        file.write(_header(ordered, metadata))
        done = told = 0
        for _, tensor in ordered:
            file.write(_bytes_of(tensor.read()))
            done += tensor.bytes
            if done - told >= _TOLD_BYTES:
                told = done
                yield done
        file.flush()
        os.fsync(file.fileno())


def _header(ordered: list[tuple[str, Writable]], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, object] = {"__metadata__": {"format": "pt", **metadata}}
    place = 0
    for name, tensor in ordered:
        end = place + tensor.bytes
        entries[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, end],
        }
        place = end
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().data
