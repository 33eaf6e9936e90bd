"""The header of a GGUF file: typed metadata, then the tensors' names, shapes and places.

Source: the format's description and constants in the ggml repository (version 3).
"""

import struct
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, Final

from backend.formats.header import DOWNLOAD_AGAIN, Header, TensorInfo
from backend.schema.errors import ModelDamagedError

GGUF_MAGIC: Final = b"GGUF"
_VERSIONS = (2, 3)
_MAXIMUM_COUNT = 1_000_000
_MAXIMUM_TEXT = 16_000_000
_MAXIMUM_DIMENSIONS = 8
_DEFAULT_ALIGNMENT = 32
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"} | {
    12: "d"
}
_ORIGINAL_SHAPE = "comfy.gguf.orig_shape."
_TYPES: dict[int, tuple[str, int, int]] = {
    # number: name, numbers in a block, bytes of a block
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}


@dataclass
class _Reader:
    """Takes typed values from a file whose end may come at any byte."""

    file: BinaryIO
    name: str
    file_bytes: int

    def take(self, count: int) -> bytes:
        if count > self.file_bytes - self.file.tell():
            raise ModelDamagedError(
                f"“{self.name}” is incomplete: it ends inside its header.",
                "The download was interrupted. " + DOWNLOAD_AGAIN,
            )
        return self.file.read(count)

    def number(self, code: str) -> int:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self, maximum: int = _MAXIMUM_COUNT) -> int:
        number = self.number("Q")
        if number > maximum:
            raise self.damaged()
        return number

    def text(self) -> str:
        return self.take(self.count(_MAXIMUM_TEXT)).decode(errors="replace")

    def value(self, kind: int) -> str:
        """A metadata value as text; of an array, only integers are kept, separated by commas."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array()
        if kind not in _SCALARS:
            raise self.damaged()
        return str(self.number(_SCALARS[kind]))

    def _array(self) -> str:
        kind = self.number("I")
        count = self.count()
        if kind == _STRING:  # a tokenizer's words: skipped
            for _ in range(count):
                self.take(self.count(_MAXIMUM_TEXT))
            return ""
        if kind not in _SCALARS:
            raise self.damaged()
        code = f"<{count}{_SCALARS[kind]}"
        numbers = struct.unpack(code, self.take(struct.calcsize(code)))
        return ",".join(map(str, numbers)) if count <= _MAXIMUM_DIMENSIONS else ""

    def damaged(self) -> ModelDamagedError:
        return ModelDamagedError(
            f"“{self.name}” is damaged: its GGUF header is not readable.", DOWNLOAD_AGAIN
        )


def read_gguf(file: BinaryIO, name: str, file_bytes: int) -> Header:
    """Read and check the header at the start of `file`.

    Raises:
        ModelDamagedError: When it is truncated, inconsistent or of a version Easel does not read.
    """
    reader = _Reader(file, name, file_bytes)
    reader.take(len(GGUF_MAGIC))
    version = reader.number("I")
    if version not in _VERSIONS:
        raise ModelDamagedError(
            f"“{name}” is a GGUF file of version {version}, which Easel does not read.",
            "Get a file of version 3.",
        )
    tensor_count = reader.count()
    value_count = reader.count()
    metadata: dict[str, str] = {}
    for _ in range(value_count):
        key = reader.text()
        metadata[key] = reader.value(reader.number("I"))
    found = [_tensor(reader, metadata) for _ in range(tensor_count)]
    tensors = _placed(reader, dict(found), metadata)
    if len(tensors) < tensor_count:
        raise reader.damaged()  # the same name twice
    return Header("gguf", tensors, metadata, file_bytes)


def _tensor(reader: _Reader, metadata: dict[str, str]) -> tuple[str, TensorInfo]:
    """One tensor, its place still counted from the start of the data."""
    key = reader.text()
    dimensions = reader.number("I")
    if dimensions > _MAXIMUM_DIMENSIONS:
        raise reader.damaged()
    shape = tuple(reader.number("Q") for _ in range(dimensions))[::-1]
    kind = _TYPES.get(reader.number("I"))
    start = reader.number("Q")
    if kind is None:
        raise ModelDamagedError(
            f"“{reader.name}” uses a GGUF number format that Easel does not know.",
            "A newer Easel may know it.",
        )
    dtype, block, block_bytes = kind
    count = prod(shape)
    if count % block:
        raise reader.damaged()
    # Some makers flatten a tensor to quantise it, and note the shape that it had.
    noted = _shape_from(metadata.get(_ORIGINAL_SHAPE + key, ""))
    if prod(noted) == count and noted:
        shape = noted
    return key, TensorInfo(shape, dtype, start, count // block * block_bytes)


def _shape_from(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _placed(
    reader: _Reader, tensors: dict[str, TensorInfo], metadata: dict[str, str]
) -> dict[str, TensorInfo]:
    """The tensors with places counted from the start of the file, checked against its size."""
    noted = metadata.get("general.alignment", "")
    alignment = int(noted) if noted.isdecimal() and int(noted) else _DEFAULT_ALIGNMENT
    place = -(-reader.file.tell() // alignment) * alignment
    placed = {key: tensor._replace(start=place + tensor.start) for key, tensor in tensors.items()}
    for start, size in sorted((tensor.start, tensor.bytes) for tensor in placed.values()):
        if start < place:
            raise reader.damaged()
        place = start + size
    if placed and place > reader.file_bytes:
        raise ModelDamagedError(
            f"“{reader.name}” is incomplete: {reader.file_bytes:,} of {place:,} bytes are there.",
            "The download was interrupted. " + DOWNLOAD_AGAIN,
        )
    return placed
