"""LoHa: a change that is two low-rank products, multiplied number by number.

Source: Hyeon-Woo et al. 2021 (arXiv:2108.06098), as Yeh et al. 2023 (arXiv:2309.14859) use it.
"""

import torch
from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta
from backend.engine.adapters.deltas.low_rank import LowRank


class Hadamard(Delta):
    """One product times the other."""

    def __init__(self, first: LowRank, second: LowRank) -> None:
        super().__init__()
        self.first, self.second = first, second

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
        return Hadamard(first, second)

    def change(self, weight: Tensor) -> Tensor:
        """Both products, number by number."""
        return self.first.change(weight).mul_(self.second.change(weight))


def tucker_factor(core: Tensor, up: Tensor, down: Tensor, scale: float) -> LowRank:
    """A factor for convolutions, whose places have a tensor of their own.

    Args:
        core: Shape (rank, rank, …).
        up: Shape (rank, outputs).
        down: Shape (rank, inputs).
        scale: What the product is multiplied by.
    """
    joined = torch.einsum("ij...,jr->ir...", core.float(), down.float())
    return LowRank(joined.to(down.dtype), up.T, scale)
