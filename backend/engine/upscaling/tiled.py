"""Enlarging a picture tile by tile: what is in memory besides picture and result is one tile's."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.engine.failures import is_out_of_memory
from backend.engine.upscaling.spans import Span, spans
from backend.schema.errors import OutOfMemoryError

SMALLEST_TILE = 32
Pixels = NDArray[np.uint8]
"""Shape (height, width, 3)."""


class Network(Protocol):
    """A model that enlarges."""

    @property
    def scale(self) -> int:
        """How many times as wide and high its results are."""
        ...

    def enlarge(self, piece: Pixels) -> Pixels:
        """The piece, `scale` times as large."""
        ...


@dataclass
class Tiling:
    """Enlarges with a network in tiles; where memory runs out, they become smaller for good."""

    network: Network
    side: int
    """The most pixels of a tile's side."""
    make_room: Callable[[], bool]
    """Frees memory that others hold; tells whether there was something to free."""

    def count(self, width: int, height: int, size: tuple[int, int]) -> int:
        """How many tiles a picture has."""
        return len(spans(width, size[0], self.side)) * len(spans(height, size[1], self.side))

    def enlarge(self, picture: Pixels, size: tuple[int, int]) -> Generator[int, None, Pixels]:
        """Enlarge a picture, at most as much as the network does at once.

        Yields:
            1 after each tile, or 0 after a part of one that had to be divided.

        Args:
            picture: What is enlarged.
            size: The width and height of the result.

        Raises:
            OutOfMemoryError: When the smallest tile does not fit.
        """
        (height, width, _), (wide, high) = picture.shape, size
        rows, columns = spans(height, high, self.side), spans(width, wide, self.side)
        result: Pixels = np.empty((high, wide, 3), np.uint8)
        bottom = 0
        for row in rows:
            shared = max(0, bottom - row.start)
            above = result[row.start : row.start + shared].copy()
            right = 0
            for column in columns:
                piece = picture[row.first : row.last, column.first : column.last]
                large = yield from self._piece(piece)
                scales = (height / high, width / wide)
                cut = _cut(large, row, column, scales, self.network.scale)
                del large
                place = result[row.start : row.end, column.start : column.end]
                _fade(place, cut, max(0, right - column.start), axis=1)
                right = column.end
                yield 1
            below = result[row.start : row.end]
            _fade(below[:shared], above, shared, axis=0, backwards=True)
            bottom = row.end
        return result

    def _piece(self, piece: Pixels) -> Generator[int, None, Pixels]:
        """One tile at the network's own scale; in smaller ones where it does not fit."""
        height, width, _ = piece.shape
        while max(height, width) <= self.side:
            large, failure = self._attempt(piece)
            if large is not None:
                return large
            if self.make_room():
                continue
            if self.side <= SMALLEST_TILE or failure is None:
                raise OutOfMemoryError(
                    "Even the smallest tile does not fit into the memory.",
                    "End other programs, or choose Lanczos, which needs no model.",
                )
            self.side = max(SMALLEST_TILE, min(self.side, max(height, width)) // 2)
        scale = self.network.scale
        inner = self.enlarge(piece, (width * scale, height * scale))
        while True:
            try:
                next(inner)
            except StopIteration as end:
                return end.value
            yield 0

    def _attempt(self, piece: Pixels) -> tuple[Pixels | None, str | None]:
        """The piece enlarged; or why memory ran out, all that was computed being gone."""
        try:
            return self.network.enlarge(piece), None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None, str(error)


def _cut(large: Pixels, row: Span, column: Span, scales: tuple[float, float], scale: int) -> Pixels:
    """What a tile gives of the result, resized with Lanczos as the whole would be.

    Args:
        large: The tile at the network's scale.
        row: Where it lies from top to bottom.
        column: Where it lies from left to right.
        scales: Pixels of the picture for each of the result, down and across.
        scale: The network's.
    """
    boxes = [
        ((span.start * each - span.first) * scale, (span.end * each - span.first) * scale)
        for span, each in zip((row, column), scales, strict=True)
    ]
    height, width, _ = large.shape
    (top, bottom), (left, right) = boxes
    box = (max(0.0, left), max(0.0, top), min(right, width), min(bottom, height))
    size = (column.end - column.start, row.end - row.start)
    resized = Image.fromarray(large).resize(size, Image.Resampling.LANCZOS, box)
    return np.asarray(resized)


def _fade(place: Pixels, new: Pixels, shared: int, axis: int, *, backwards: bool = False) -> None:
    """Put `new` at its place, whose first `shared` rows or columns change gradually into it.

    Args:
        place: What is there; it is written.
        new: What is to be there.
        shared: How many rows (axis 0) or columns (axis 1) fade.
        axis: Along which side.
        backwards: Whether `new` is what fades out, not in; then it covers the shared part alone.
    """
    ramp = (np.arange(shared, dtype=np.float32) + 0.5) / max(1, shared)
    weight = ramp[:, None, None] if axis == 0 else ramp[None, :, None]
    if backwards:
        weight = 1 - weight
    first = (slice(0, shared),) if axis == 0 else (slice(None), slice(0, shared))
    there = place[first].astype(np.float32)
    place[...] = place if backwards else new
    place[first] = np.rint(there + (new[first] - there) * weight).astype(np.uint8)
