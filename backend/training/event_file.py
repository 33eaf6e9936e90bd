"""What TensorBoard reads: numbers by name and step, in a file of its own format.

A file is a row of records: its length, a checksum of that, a message, a checksum of that. The
messages are protocol buffers of TensorFlow's `event.proto` and `summary.proto`, of which these
fields are written here: Event (1 wall_time, 2 step, 3 file_version, 5 summary), Summary (1 value),
Value (1 tag, 2 simple_value).

Source: tensorflow/core/lib/io/record_writer.h; the checksum is RFC 3720's CRC-32C, masked.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import cache

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def head(seconds: float) -> bytes:
    """The record with which a file begins.

    Args:
        seconds: Now, since the epoch.
    """
    return _record(_double(1, seconds) + _text(3, b"brain.Event:2"))


def numbers(step: int, values: Mapping[str, float], seconds: float) -> bytes:
    """The record of some numbers.

    Args:
        step: That they belong to.
        values: By name.
        seconds: When, since the epoch.
    """
    each = (
        _text(1, _text(1, name.encode()) + _field(2, _FOUR_BYTES) + struct.pack("<f", value))
        for name, value in values.items()
    )
    counted = _field(2, _VARINT) + _varint(step)
    return _record(_double(1, seconds) + counted + _text(5, b"".join(each)))


def _record(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    return length + _checksum(length) + message + _checksum(message)


def _double(number: int, value: float) -> bytes:
    return _field(number, _EIGHT_BYTES) + struct.pack("<d", value)


def _text(number: int, value: bytes) -> bytes:
    return _field(number, _BYTES) + _varint(len(value)) + value


def _field(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """Seven bits in each byte, the lowest first; the eighth says that more follow."""
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _checksum(content: Iterable[int]) -> bytes:
    table, left = _table(), 0xFFFFFFFF
    for byte in content:
        left = table[(left ^ byte) & 0xFF] ^ left >> 8
    crc = left ^ 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


@cache
def _table() -> tuple[int, ...]:
    def entry(byte: int) -> int:
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        return byte

    return tuple(entry(byte) for byte in range(256))
