"""Sizes for pictures of different proportions, so that little is cut off to learn them in batches.

Each picture gets a size of about its own proportions with at most as many pixels as are learned at
once; none is enlarged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from backend.schema.datasets import Bucket, DatasetItem

MOST_STRETCHED = 4.0
"""How many times as long as wide a picture is learned; longer ones are cut."""
_COARSE, _FINE = 64, 32
_SMALL = 256
"""The resolution up to which sides are multiples of the finer."""


@dataclass(frozen=True)
class Grid:
    """Which sizes there are."""

    resolution: int
    """The side of a square of as many pixels as are learned at once."""
    step: int = 64
    """What sides are multiples of."""

    @classmethod
    def of(cls, resolution: int) -> Self:
        """The sizes for a resolution; models that draw small pictures need finer steps."""
        return cls(resolution, _FINE if resolution <= _SMALL else _COARSE)

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """The size at which a picture of this size is learned."""
        width, height = (
            min(width, round(height * MOST_STRETCHED)),
            min(height, round(width * MOST_STRETCHED)),
        )
        ratio = width / height
        area = min(self.resolution**2, width * height)
        across = (area * ratio) ** 0.5
        sizes = {
            (self._down(min(wide, width)), self._down(min(area / wide, height)))
            for wide in (across, across + self.step / 2, max(1.0, across - self.step / 2))
        }
        return min(
            sizes, key=lambda size: (abs(_log(size[0] / size[1], ratio)), -size[0] * size[1])
        )

    def _down(self, side: float) -> int:
        return max(self.step, int(side // self.step) * self.step)


def bucketed(items: Sequence[DatasetItem], grid: Grid) -> tuple[Bucket, ...]:
    """The pictures by the size at which they are learned, the largest group first."""
    groups: dict[tuple[int, int], list[str]] = {}
    for item in items:
        if item.width:
            groups.setdefault(grid.size_for(item.width, item.height), []).append(item.path)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return tuple(
        Bucket(width=size[0], height=size[1], paths=tuple(paths)) for size, paths in ordered
    )


def _log(one: float, other: float) -> float:
    """How different two ratios are, the same both ways round."""
    return max(one / other, other / one) - 1
