"""Tensors as they are kept: as a module computes with them, or packed in fewer bytes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Unpack = Callable[[Tensor, Tensor | None], Tensor]
"""Makes numbers of rows and, where they have one, their scale."""


@dataclass(frozen=True)
class Kept:
    """One tensor: as it computes, or packed."""

    rows: Tensor
    """All of it, its first dimension that of the numbers."""
    scale: Tensor | None = None
    """What the numbers are multiplied by, in all or row by row."""
    unpack: Unpack | None = None
    """How packed rows become numbers; None where they are numbers as they are."""

    @property
    def bytes(self) -> int:
        """What it takes."""
        beside = 0 if self.scale is None else self.scale.nbytes
        return self.rows.nbytes + beside

    def cut(self, cutting: Callable[[Tensor], Tensor]) -> "Kept":
        """Some of its rows, or all in another order."""
        by_row = self.scale is not None and self.scale.shape[:1] == self.rows.shape[:1]
        scale = cutting(self.scale) if by_row and self.scale is not None else self.scale
        return Kept(cutting(self.rows), scale, self.unpack)

    def numbers(self) -> Tensor:
        """Its numbers; packed ones are unpacked, to single precision."""
        return self.rows if self.unpack is None else self.unpack(self.rows, self.scale)

    def copied(self, device: torch.device, dtype: torch.dtype | None = None) -> "Kept":
        """A copy on a device; `dtype` converts what is not packed.

        A copy of its own even where it lies there already: a view would keep its file mapped.
        """
        to = dtype if self.unpack is None else None
        rows = self.rows.to(device, to, copy=True).contiguous()
        scale = None if self.scale is None else self.scale.to(device, copy=True)
        return Kept(rows, scale, self.unpack)

    def brought(self, device: torch.device) -> "Kept":
        """The same on a device; nothing is copied where it lies there already."""
        rows = self.rows.to(device, non_blocking=True)
        scale = None if self.scale is None else self.scale.to(device, non_blocking=True)
        return Kept(rows, scale, self.unpack)

    def pinned(self) -> "Kept":
        """The same in memory that a card can read by itself; as it is where there is none left."""
        try:
            return Kept(self.rows.pin_memory(), self.scale, self.unpack)
        except RuntimeError:
            return self


def in_eight_bits(numbers: Tensor) -> Kept:
    """Numbers in eight bits, which changes them a little; those too large become the largest."""
    largest = torch.finfo(torch.float8_e4m3fn).max
    return Kept(numbers.clamp(-largest, largest).to(torch.float8_e4m3fn), None, plain)


def plain(rows: Tensor, scale: Tensor | None) -> Tensor:
    """Narrow numbers are numbers as they are: whoever computes with them widens them."""
    del scale
    return rows
