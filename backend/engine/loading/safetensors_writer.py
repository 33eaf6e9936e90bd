"""Writing a safetensors file one tensor at a time, telling how far it is.

Source: the format's description in the safetensors repository.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

_DTYPES = {
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
_ALIGNMENT = 8
_TOLD_BYTES = 32_000_000
"""How much is written between two reports."""


def can_be_written(tensor: Tensor) -> bool:
    """Whether the format has a place for it: neither sparse, nor quantised, nor complex."""
    return tensor.dtype in _DTYPES and tensor.layout is torch.strided


def write_safetensors(path: Path, tensors: Mapping[str, Tensor]) -> Iterator[int]:
    """Write the file and flush it to the disk.

    Tensors that share memory or have gaps are written each on its own.

    Yields:
        How many bytes of tensors are written, now and then.
    """
    # The widest numbers first, so that each tensor is aligned to its own.
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    with path.open("wb") as file:
        file.write(_header(ordered))
        done = told = 0
        for _, tensor in ordered:
            file.write(_bytes_of(tensor))
            done += tensor.nbytes
            if done - told >= _TOLD_BYTES:
                told = done
                yield done
        file.flush()
        os.fsync(file.fileno())


def _header(ordered: list[tuple[str, Tensor]]) -> bytes:
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, tensor in ordered:
        end = place + tensor.nbytes
        entries[name] = {
            "dtype": _DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, end],
        }
        place = end
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().data
