"""Drawing large pictures in overlapping tiles, in the memory of one tile.

At each model call, every tile is estimated by itself; where tiles overlap, the estimates are
averaged. All of them take each step together, so that they agree where they meet.

Source: Bar-Tal et al. 2023 (arXiv:2302.08113), equation 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import torch
from torch import Tensor

from backend.engine.samplers.base import Denoiser
from backend.engine.seamless import NO_WRAP, Wrap
from backend.engine.window import Window
from backend.memory.tiles import OVERLAP_SHARE, tiles_along


@dataclass(frozen=True)
class TiledDenoiser:
    """A denoiser of whole pictures, made of one that sees tiles."""

    denoise: Denoiser
    side: int
    """Latents along a side of a tile."""
    wrap: Wrap = NO_WRAP
    """Along which sides tiles reach beyond an edge, to what is at the opposite one."""
    window: Window = field(default_factory=Window)
    """Is moved to the tile that is seen."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, channels, height, width)."""
        height, width = x.shape[-2:]
        rows = _pieces(height, self.side, circular=self.wrap.down)
        columns = _pieces(width, self.side, circular=self.wrap.across)
        if len(rows) * len(columns) == 1:
            return self.denoise(x, sigma)
        total, weights = torch.zeros_like(x), x.new_zeros(height, width)
        for down, across in product(rows, columns):
            place = (..., down.to(x.device)[:, None], across.to(x.device))
            weight = torch.outer(_fade(len(down)), _fade(len(across))).to(x)
            self.window.show(height, down, across)
            total[place] += self.denoise(x[place], sigma) * weight
            weights[place] += weight
        self.window.show_all()
        return total / weights


def seen_at_once(height: int, width: int, side: int | None) -> tuple[int, int]:
    """The height and width of what a network sees, of a picture that is drawn in tiles or whole."""
    return (height, width) if side is None else (min(height, side), min(width, side))


def wrap_of_tile(wrap: Wrap, height: int, width: int, side: int | None) -> Wrap:
    """Along which sides a network itself has to wrap around: those that one tile covers."""
    if side is None:
        return wrap
    return Wrap(across=wrap.across and width <= side, down=wrap.down and height <= side)


def _pieces(length: int, side: int, *, circular: bool) -> Sequence[Tensor]:
    """As few stretches as overlap enough, as indices; beyond an end comes the other one."""
    if length <= side:
        return [torch.arange(length)]
    if circular:
        count = -(-length // (side - side // OVERLAP_SHARE))
        starts = [number * length // count for number in range(count)]
    else:
        count = tiles_along(length, side)
        starts = [round(number * (length - side) / (count - 1)) for number in range(count)]
    return [(start + torch.arange(side)) % length for start in starts]


def _fade(side: int) -> Tensor:
    """Weights along one side: 1 in the middle, falling where neighbours overlap."""
    edge = side // OVERLAP_SHARE
    rising = (torch.arange(edge) + 0.5) / max(1, edge)
    return torch.cat([rising, torch.ones(side - 2 * edge), rising.flip(0)])
