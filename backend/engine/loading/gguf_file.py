"""The tensors of a GGUF file, unpacked one at a time."""

from functools import partial
from math import prod
from pathlib import Path

import torch
from torch import Size, Tensor

from backend.engine.loading.ggml import BLOCK_FORMATS, dequantise
from backend.engine.loading.kept import Kept
from backend.engine.loading.tensor_file import LastUnpacked, too_large_to_map
from backend.formats.gguf import read_gguf
from backend.schema.errors import ModelError

_PLAIN = {
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F64": torch.float64,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
}


class GgufFile:
    """A GGUF file mapped into memory; satisfies `TensorFile`.

    Names are the file's: in the files for FLUX and SD 3 those of the original checkpoint, in T5
    encoders llama.cpp's. A shape that was flattened for packing is given back (`comfy.gguf.
    orig_shape`, a key of city96's ComfyUI-GGUF).
    """

    def __init__(self, path: Path) -> None:
        """Read the header, and map the rest.

        Raises:
            ModelDamagedError: When the file is truncated, inconsistent or of an unknown version.
            OutOfMemoryError: When the system has no room for a map of that size.
        """
        size = path.stat().st_size
        with path.open("rb") as file:
            self._tensors = read_gguf(file, path.name, size).tensors
        try:
            self._bytes = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8)
        except RuntimeError as error:
            raise too_large_to_map(path) from error
        self._name = path.name
        self._last = LastUnpacked()
        self.names = frozenset(self._tensors)

    def shape(self, name: str) -> Size:
        """The shape of a tensor, unpacked."""
        return Size(self._tensors[name].shape)

    def tensor(self, name: str) -> Tensor:
        """One tensor; in single precision where it was packed.

        Raises:
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        kept = self.kept(name)
        return kept.rows if kept.unpack is None else self._last.get(name, kept.numbers)

    def kept(self, name: str) -> Kept:
        """One tensor as it is stored, a view of the mapped file; packed rows are rows of bytes.

        Raises:
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        info = self._tensors[name]
        stored = self._bytes[info.start : info.start + info.bytes]
        if info.dtype in _PLAIN:
            return Kept(stored.view(_PLAIN[info.dtype]).view(info.shape))
        if info.dtype in BLOCK_FORMATS:
            numbers, _ = BLOCK_FORMATS[info.dtype]
            row = info.shape[1:]
            if prod(row) % numbers:  # blocks that reach from one row into the next are not cut
                whole = dequantise(stored, info.dtype, info.parameters)
                return Kept(whole.view(info.shape))
            return Kept(stored.view(info.shape[0], -1), None, partial(_unpacked, info.dtype, row))
        raise ModelError(
            f"“{self._name}” is packed as {info.dtype}, which Easel cannot unpack.",
            "Get one of the usual versions, such as Q8_0, Q5_K or Q4_K.",
        )


def _unpacked(
    block_format: str, row: tuple[int, ...], rows: Tensor, scale: Tensor | None
) -> Tensor:
    """Numbers from rows of packed bytes; `row` is the shape of one of them."""
    del scale  # it is inside
    count = len(rows) * prod(row)
    return dequantise(rows.contiguous().flatten(), block_format, count).view(len(rows), *row)
