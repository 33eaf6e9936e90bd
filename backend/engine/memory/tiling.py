"""Putting a picture together from tiles that overlap, and fade into each other where they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import torch
from torch import Tensor

from backend.memory.tiles import OVERLAP_SHARE, tiles_along


@dataclass(frozen=True)
class Core:
    """The part of a tile that no other tile's core has; all cores together are the whole."""

    rows: tuple[float, float]
    """Where it begins and ends, as shares of the tile's height."""
    columns: tuple[float, float]

    def of(self, values: Tensor) -> Tensor:
        """The part of what is made of a tile, shape (..., height, width), at any scale."""
        rows, columns = (
            slice(round(ends[0] * length), round(ends[1] * length))
            for ends, length in zip((self.rows, self.columns), values.shape[-2:], strict=True)
        )
        return values[..., rows, columns]


@dataclass(frozen=True)
class Tile:
    """A piece of latents, counted in latents."""

    rows: slice
    columns: slice
    core: Core

    def of(self, latents: Tensor) -> Tensor:
        """The piece of latents of shape (..., height, width)."""
        return latents[..., self.rows, self.columns]


def tiles(height: int, width: int, side: int) -> Sequence[Tile]:
    """Cover latents of this size with tiles of at most `side` latents along a side."""
    pairs = product(_pieces(height, side), _pieces(width, side))
    return [Tile(row, column, Core(rows, columns)) for (row, rows), (column, columns) in pairs]


def _pieces(length: int, side: int) -> Sequence[tuple[slice, tuple[float, float]]]:
    """As few as overlap enough, spread evenly, each with its core: up to the overlaps' middles."""
    if length <= side:
        return [(slice(0, length), (0.0, 1.0))]
    count = tiles_along(length, side)
    starts = [round(number * (length - side) / (count - 1)) for number in range(count)]
    middles = [(start + side + following) // 2 for start, following in pairwise(starts)]
    cuts = [0, *middles, length]
    return [
        (slice(start, start + side), ((first - start) / side, (last - start) / side))
        for start, (first, last) in zip(starts, pairwise(cuts), strict=True)
    ]


class Canvas:
    """The weighted mean of everything that is laid on it."""

    def __init__(self, height: int, width: int, scale: int) -> None:
        """Make room for a picture.

        Args:
            height: In latents.
            width: In latents.
            scale: Pixels along one side of a latent.
        """
        self._size = (height, width)
        self._scale = scale
        self._sum = torch.zeros(0)
        self._weights = torch.zeros(0)

    def lay(self, tile: Tile, pixels: Tensor) -> None:
        """Add the pixels of a tile, shape (channels, tile height × scale, tile width × scale)."""
        height, width = (length * self._scale for length in self._size)
        if not self._sum.numel():
            self._sum = pixels.new_zeros(len(pixels), height, width, dtype=torch.float32)
            self._weights = torch.zeros_like(self._sum[0])
        fades = (
            self._fade(piece, length)
            for piece, length in zip((tile.rows, tile.columns), self._size, strict=True)
        )
        weights = torch.outer(*fades).to(self._sum.device)
        where = tuple(
            slice(piece.start * self._scale, piece.stop * self._scale)
            for piece in (tile.rows, tile.columns)
        )
        self._sum[:, *where] += pixels.float() * weights
        self._weights[where] += weights

    def picture(self) -> Tensor:
        """The pixels of the whole, shape (channels, height × scale, width × scale)."""
        return self._sum.div_(self._weights)

    def _fade(self, piece: slice, length: int) -> Tensor:
        """Weights along one side: 1 in the middle, falling where a neighbour overlaps."""
        side = piece.stop - piece.start
        weights = torch.ones(side * self._scale)
        rising = _rising(side // OVERLAP_SHARE * self._scale)
        if piece.start > 0:
            weights[: len(rising)] = rising
        if piece.stop < length:
            weights[len(weights) - len(rising) :] = rising.flip(0)
        return weights


def _rising(count: int) -> Tensor:
    return (torch.arange(count) + 0.5) / count
