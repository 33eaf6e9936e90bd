"""LoRA: a change that is the product of two thin matrices, and LoCon for convolutions.

Sources: Hu et al. 2021 (arXiv:2106.09685); for the layer between the two, Yeh et al. 2023
(arXiv:2309.14859), section 3.2.
"""

import torch
from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta, held, product


class LowRank(Delta):
    """Up times down, times a scale."""

    def __init__(self, down: Tensor, up: Tensor, scale: float) -> None:
        """Keep both.

        Args:
            down: Shape (rank, inputs, …), further dimensions for the places of a convolution.
            up: Shape (outputs, rank).
            scale: What the product is multiplied by.
        """
        super().__init__()
        self.down, self.up = held(down), held(up)
        self.scale = scale

    @classmethod
    def with_middle(cls, down: Tensor, middle: Tensor, up: Tensor, scale: float) -> "LowRank":
        """A change with a convolution between the two, which becomes part of the first.

        Args:
            down: Shape (rank, inputs).
            middle: Shape (rank, rank, …).
            up: Shape (outputs, rank).
            scale: What the product is multiplied by.
        """
        joined = torch.einsum("or...,ri->oi...", middle.float(), down.float())
        return cls(joined.to(down.dtype), up, scale)

    @property
    def rows(self) -> int:
        """The outputs of the layer."""
        return self.up.shape[0]

    @property
    def row_size(self) -> int:
        """The numbers for one output."""
        return self.down[0].numel()

    def fitted(self, cut: Cut, shape: Size) -> "LowRank":
        """The same for some rows."""
        down = self.down.reshape(len(self.down), *shape[1:])
        return LowRank(down, cut(self.up), self.scale)

    def change(self, weight: Tensor) -> Tensor:
        """The product."""
        return product(self.up, self.down, self.scale).view(weight.shape)
