"""The header of a safetensors file: eight bytes of length, then JSON.

Source: the format's description in the safetensors repository.
"""

import json
from math import prod
from typing import BinaryIO, NoReturn, cast

from backend.formats.header import DOWNLOAD_AGAIN, Header, TensorInfo
from backend.schema.errors import ModelDamagedError

MAXIMUM_HEADER_BYTES = 100_000_000
"""The format's own limit."""
_LENGTH_BYTES = 8
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "I64": 64,
    "U64": 64,
    "F64": 64,
    "C64": 64,
}


def looks_like_safetensors(head: bytes) -> bool:
    """Whether the first bytes are a plausible length and the beginning of JSON."""
    length = int.from_bytes(head[:_LENGTH_BYTES], "little")
    return head[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{" and length <= MAXIMUM_HEADER_BYTES


def read_safetensors(file: BinaryIO, name: str, file_bytes: int) -> Header:
    """Read and check the header at the start of `file`.

    Args:
        file: At its start.
        name: The file's name, for sentences.
        file_bytes: The size of the whole file.

    Raises:
        ModelDamagedError: When the header is no JSON of the format, or does not fit the file.
    """
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if length > MAXIMUM_HEADER_BYTES:
        _unreadable(name)
    text = file.read(length)
    if len(text) < length:
        _truncated(name, file_bytes, _LENGTH_BYTES + length)
    entries = _parse(text, name)
    metadata = _metadata(entries.pop("__metadata__", None))
    data_start = _LENGTH_BYTES + length
    tensors = {key: _tensor(entry, key, name, data_start) for key, entry in entries.items()}
    _check_places(tensors, name, data_start, file_bytes)
    return Header("safetensors", tensors, metadata, file_bytes)


def _parse(text: bytes, name: str) -> dict[str, object]:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        _unreadable(name)
    return cast("dict[str, object]", parsed)


def _metadata(entry: object) -> dict[str, str]:
    """The metadata's texts; other values are no metadata by the format, and are left out."""
    if not isinstance(entry, dict):
        return {}
    pairs = cast("dict[str, object]", entry).items()
    # A lone surrogate is valid JSON but no text that can be stored or sent.
    return {
        key.encode(errors="replace").decode(): value.encode(errors="replace").decode()
        for key, value in pairs
        if isinstance(value, str)
    }


def _tensor(entry: object, key: str, name: str, data_start: int) -> TensorInfo:
    """One tensor, checked; written for speed, because a header holds thousands."""
    if not isinstance(entry, dict):
        _damaged(name, key)
    described = cast("dict[str, object]", entry)
    get = described.get
    dtype, shape, offsets = get("dtype"), get("shape"), get("data_offsets")
    if not (isinstance(dtype, str) and _is_numbers(shape) and _is_numbers(offsets)):
        _damaged(name, key)
    numbers, places = tuple(cast("list[int]", shape)), cast("list[int]", offsets)
    bits = _BITS.get(dtype)
    if bits is None:
        raise ModelDamagedError(
            f"“{name}” uses the number format “{dtype[:20]}”, which Easel does not know.",
            "A newer Easel may know it.",
        )
    size = places[1] - places[0] if len(places) == 2 else -1  # noqa: PLR2004 (start and end)
    if size < 0 or prod(numbers) * bits != size * 8:
        _damaged(name, key)
    return TensorInfo(numbers, dtype, data_start + places[0], size)


def _is_numbers(value: object) -> bool:
    """Whether it is a list of integers from 0 up."""
    if not isinstance(value, list):
        return False
    numbers = cast("list[object]", value)
    for number in numbers:  # noqa: SIM110 (a generator would take twice the time)
        if type(number) is not int or number < 0:
            return False
    return True


def _check_places(
    tensors: dict[str, TensorInfo], name: str, data_start: int, file_bytes: int
) -> None:
    """Require that the tensors fill the file without overlaps, holes or a rest."""
    place = data_start
    for start, size in sorted((tensor.start, tensor.bytes) for tensor in tensors.values()):
        if start != place:
            what = "overlap" if start < place else "leave holes"
            raise ModelDamagedError(
                f"“{name}” is damaged: the places of its tensors {what}.", DOWNLOAD_AGAIN
            )
        place += size
    if place > file_bytes:
        _truncated(name, file_bytes, place)
    if place < file_bytes:
        raise ModelDamagedError(
            f"“{name}” is damaged: it is longer than its header says.", DOWNLOAD_AGAIN
        )


def _unreadable(name: str) -> NoReturn:
    raise ModelDamagedError(f"“{name}” is damaged: its header is not readable.", DOWNLOAD_AGAIN)


def _damaged(name: str, key: str) -> NoReturn:
    raise ModelDamagedError(
        f"“{name}” is damaged: its header describes the tensor “{key[:100]}” wrongly.",
        DOWNLOAD_AGAIN,
    )


def _truncated(name: str, there: int, wanted: int) -> NoReturn:
    raise ModelDamagedError(
        f"“{name}” is incomplete: {there:,} of {wanted:,} bytes are there.",
        "The download was interrupted. " + DOWNLOAD_AGAIN,
    )
