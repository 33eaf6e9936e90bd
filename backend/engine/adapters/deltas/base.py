"""What every kind of change can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Size, Tensor, nn

Cut = Callable[[Tensor], Tensor]
"""Takes some of a tensor's rows, in the order in which a module has them."""


class Delta(nn.Module, ABC):
    """What an adapter adds to one weight at full strength.

    Its parameters are what the file holds, so that they can wait and come as a model's weights do.
    """

    @property
    @abstractmethod
    def rows(self) -> int:
        """The outputs of the layer that it changes."""

    @property
    @abstractmethod
    def row_size(self) -> int:
        """The numbers of the weight for one output."""

    @abstractmethod
    def fitted(self, cut: Cut, shape: Size) -> "Delta":
        """The same for some of the rows, in the shape of a module's weight; numbers are shared.

        Raises:
            UnsuitableError: When it cannot be divided.
        """

    @abstractmethod
    def change(self, weight: Tensor) -> Tensor:
        """What is added to a weight (in single precision), a new tensor of its shape."""


class UnsuitableError(ValueError):
    """A change does not suit the layer that it is for; says why."""


def held(tensor: Tensor) -> nn.Parameter:
    """A tensor as a part of a module, not to be trained."""
    return nn.Parameter(tensor.contiguous(), requires_grad=False)


def product(up: Tensor, down: Tensor, scale: float = 1.0) -> Tensor:
    """The weight that two layers make together, in single precision, shape (rows, …).

    Args:
        up: Shape (rows, rank).
        down: Shape (rank, …).
        scale: What it is multiplied by.
    """
    return torch.tensordot(up.float() * scale, down.float(), dims=1)
