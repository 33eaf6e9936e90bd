"""GGML's block formats: from packed blocks to numbers.

A block holds 32 or 256 numbers as small codes with one or more scales: a number is its scale times
its code, less its group's minimum where the format has one. Codes lie in runs: the low bits of each
byte of a run are its first numbers, the next bits those that follow.

Source: the block structures in ggml (`ggml-common.h`).
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

_NUMBERS_AT_ONCE = 1 << 20
"""Few enough that the steps between stay in the processor's cache."""
_SMALL, _LARGE = 32, 256
_NONLINEAR = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
"""What the codes of the `IQ4` formats stand for."""


def dequantise(packed: Tensor, block_format: str, count: int) -> Tensor:
    """Unpack a tensor.

    Args:
        packed: Its bytes.
        block_format: One of `BLOCK_FORMATS`.
        count: How many numbers it holds.

    Returns:
        Single precision, in one row.
    """
    numbers, unpack = BLOCK_FORMATS[block_format]
    blocks = packed.view(count // numbers, -1)
    values = torch.empty(count // numbers, numbers, device=packed.device)
    at_once = _NUMBERS_AT_ONCE // numbers
    for part, target in zip(blocks.split(at_once), values.split(at_once), strict=True):
        target.copy_(unpack(part))
    return values.flatten()


def _q4_0(block: Tensor) -> Tensor:
    return _half(block, 0) * _signed(_codes(block[:, 2:], 4, run=16), 8)


def _q4_1(block: Tensor) -> Tensor:
    return _half(block, 0) * _codes(block[:, 4:], 4, run=16).float() + _half(block, 2)


def _q5_0(block: Tensor) -> Tensor:
    codes = _codes(block[:, 6:], 4, run=16) | _codes(block[:, 2:6], 1, run=1) << 4
    return _half(block, 0) * _signed(codes, 16)


def _q5_1(block: Tensor) -> Tensor:
    codes = _codes(block[:, 8:], 4, run=16) | _codes(block[:, 4:8], 1, run=1) << 4
    return _half(block, 0) * codes.float() + _half(block, 2)


def _q8_0(block: Tensor) -> Tensor:
    return _half(block, 0) * block[:, 2:].view(torch.int8).float()


def _q2_k(block: Tensor) -> Tensor:
    both = block[:, :16]
    scales = _half(block, 80) * (both & 15).float()
    minimums = _half(block, 82) * (both >> 4).float()
    return _scaled(scales, _codes(block[:, 16:80], 2, run=32).float(), minimums)


def _q3_k(block: Tensor) -> Tensor:
    scales = _codes(block[:, 96:104], 4, run=8) | _codes(block[:, 104:108], 2, run=4) << 4
    codes = _codes(block[:, 32:96], 2, run=32) | _codes(block[:, :32], 1, run=32) << 2
    return _scaled(_half(block, 108) * _signed(scales, 32), _signed(codes, 4))


def _q4_k(block: Tensor) -> Tensor:
    return _scaled_by_six_bits(block, _codes(block[:, 16:], 4, run=32))


def _q5_k(block: Tensor) -> Tensor:
    codes = _codes(block[:, 48:], 4, run=32) | _codes(block[:, 16:48], 1, run=32) << 4
    return _scaled_by_six_bits(block, codes)


def _q6_k(block: Tensor) -> Tensor:
    codes = _codes(block[:, :128], 4, run=64) | _codes(block[:, 128:192], 2, run=32) << 4
    scales = _half(block, 208) * block[:, 192:208].view(torch.int8).float()
    return _scaled(scales, _signed(codes, 32))


def _iq4_nl(block: Tensor) -> Tensor:
    return _half(block, 0) * _nonlinear(_codes(block[:, 2:], 4, run=16))


def _iq4_xs(block: Tensor) -> Tensor:
    scales = _codes(block[:, 4:8], 4, run=1) | _codes(block[:, 2:4], 2, run=1) << 4
    codes = _codes(block[:, 8:], 4, run=16)
    return _scaled(_half(block, 0) * _signed(scales, 32), _nonlinear(codes))


def _scaled_by_six_bits(block: Tensor, codes: Tensor) -> Tensor:
    """Q4_K and Q5_K: eight scales and minimums of six bits each, in twelve bytes from the fourth.

    The first four of either have a byte's low six bits; the others have four bits in the last
    bytes, and their two highest above those six.
    """
    scale_bytes, minimum_bytes, rest = block[:, 4:16].split(4, dim=1)
    scales = torch.cat((scale_bytes & 63, (rest & 15) | (scale_bytes >> 6 << 4)), dim=1)
    minimums = torch.cat((minimum_bytes & 63, (rest >> 4) | (minimum_bytes >> 6 << 4)), dim=1)
    return _scaled(
        _half(block, 0) * scales.float(), codes.float(), _half(block, 2) * minimums.float()
    )


def _half(block: Tensor, start: int) -> Tensor:
    """The half precision number at byte `start` of each block, shape (blocks, 1)."""
    return block[:, start : start + 2].view(torch.float16).float()


def _codes(packed: Tensor, bits: int, *, run: int) -> Tensor:
    """Codes of `bits` bits each, from runs of `run` bytes; shape (blocks, codes)."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=packed.device).view(-1, 1)
    runs = packed.reshape(len(packed), -1, 1, run)
    return (runs >> shifts & (1 << bits) - 1).reshape(len(packed), -1)


def _signed(codes: Tensor, middle: int) -> Tensor:
    """Codes around zero."""
    return codes.float() - middle


def _nonlinear(codes: Tensor) -> Tensor:
    table = torch.tensor(_NONLINEAR, dtype=torch.float32, device=codes.device)
    return table.index_select(0, codes.flatten().int()).view(codes.shape)


def _scaled(scales: Tensor, codes: Tensor, minimums: Tensor | None = None) -> Tensor:
    """Multiply each group of codes by its scale, and take its minimum off.

    Args:
        scales: Shape (blocks, groups).
        codes: Shape (blocks, numbers).
        minimums: As `scales`.
    """
    values = codes.view(*scales.shape, -1) * scales.unsqueeze(-1)
    if minimums is not None:
        values -= minimums.unsqueeze(-1)
    return values.flatten(1)


BLOCK_FORMATS: Final[dict[str, tuple[int, Callable[[Tensor], Tensor]]]] = {
    "Q4_0": (_SMALL, _q4_0),
    "Q4_1": (_SMALL, _q4_1),
    "Q5_0": (_SMALL, _q5_0),
    "Q5_1": (_SMALL, _q5_1),
    "Q8_0": (_SMALL, _q8_0),
    "IQ4_NL": (_SMALL, _iq4_nl),
    "Q2_K": (_LARGE, _q2_k),
    "Q3_K": (_LARGE, _q3_k),
    "Q4_K": (_LARGE, _q4_k),
    "Q5_K": (_LARGE, _q5_k),
    "Q6_K": (_LARGE, _q6_k),
    "IQ4_XS": (_LARGE, _iq4_xs),
}
"""How many numbers a block of each format holds, and how it is unpacked."""
