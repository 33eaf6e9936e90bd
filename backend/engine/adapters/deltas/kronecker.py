"""LoKr: a change that is a Kronecker product of a small matrix and a larger one.

Source: Yeh et al. 2023 (arXiv:2309.14859), section 3.2.
"""

import torch
from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta, held, product


class Kronecker(Delta):
    """Each number of the first factor times all of the second, times a scale."""

    def __init__(
        self,
        first: Tensor,
        second: Tensor,
        scale: float,
        cut: Cut | None = None,
    ) -> None:
        """Keep both.

        Args:
            first: Shape (outputs a, inputs a).
            second: Shape (outputs b, inputs b, …); the layer has a × b of both.
            scale: What the product is multiplied by.
            cut: Takes the rows that are wanted; None for all of them.
        """
        super().__init__()
        self.first, self.second = held(first), held(second)
        self.scale = scale
        self._cut = cut

    @property
    def rows(self) -> int:
        """The outputs of the layer."""
        return self.first.shape[0] * self.second.shape[0]

    @property
    def row_size(self) -> int:
        """The numbers for one output."""
        return self.first.shape[1] * self.second[0].numel()

    def fitted(self, cut: Cut, shape: Size) -> "Kronecker":
        """The same for some rows."""
        del shape
        return Kronecker(self.first, self.second, self.scale, cut)

    def change(self, weight: Tensor) -> Tensor:
        """The product, of which only the wanted rows are left."""
        first, second = self.first.float() * self.scale, self.second.float()
        whole = torch.kron(first.view(*first.shape, *[1] * (second.ndim - 2)), second)
        rows = whole if self._cut is None else self._cut(whole)
        return rows.reshape(weight.shape)


def factor(whole: Tensor | None, up: Tensor | None, down: Tensor | None) -> Tensor | None:
    """One of the two factors, which a file may hold as a low-rank product; None without either."""
    if whole is not None:
        return whole
    if up is None or down is None:
        return None
    return product(up, down).to(down.dtype)


def tucker(core: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """The second factor for convolutions, whose places have a tensor of their own.

    Args:
        core: Shape (rank, rank, …).
        up: Shape (rank, outputs b).
        down: Shape (rank, inputs b).
    """
    joined = torch.einsum("ij...,ip,jr->pr...", core.float(), up.float(), down.float())
    return joined.to(down.dtype)
