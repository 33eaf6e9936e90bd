"""LoHa: a change that is two low-rank products, multiplied number by number.

Source: Hyeon-Woo et al. 2021 (arXiv:2108.06098), as Yeh et al. 2023 (arXiv:2309.14859) use it.
"""

import torch
from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta
from backend.engine.adapters.deltas.low_rank import LowRank


class Hadamard(Delta):
    """One product times the other, times a scale."""

    def __init__(self, first: LowRank, second: LowRank, scale: float) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.scale = scale

    @property
    def rows(self) -> int:
        """The outputs of the layer."""
        return self.first.rows

    @property
    def row_size(self) -> int:
        """The numbers for one output."""
        return self.first.row_size

    def fitted(self, cut: Cut, shape: Size) -> "Hadamard":
        """The same for some rows."""
        first, second = self.first.fitted(cut, shape), self.second.fitted(cut, shape)
        return Hadamard(first, second, self.scale)

    def change(self, weight: Tensor) -> Tensor:
        """Both products, number by number."""
        return self.first.change(weight) * self.second.change(weight) * self.scale


def tucker_factor(core: Tensor, up: Tensor, down: Tensor) -> LowRank:
    """A factor for convolutions, whose places have a tensor of their own.

    Args:
        core: Shape (rank, rank, …).
        up: Shape (rank, outputs).
        down: Shape (rank, inputs).
    """
    joined = torch.einsum("ij...,jr->ir...", core.float(), down.float())
    return LowRank(joined.to(down.dtype), up.T, 1.0)
