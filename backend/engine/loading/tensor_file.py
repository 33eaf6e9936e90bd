"""What every kind of weights file can do."""

from typing import Protocol

from torch import Size, Tensor


class TensorFile(Protocol):
    """An open file with tensors, none of them read before it is asked for."""

    @property
    def names(self) -> frozenset[str]:
        """The weights' names."""
        ...

    def shape(self, name: str) -> Size:
        """The shape of one of them."""
        ...

    def tensor(self, name: str) -> Tensor:
        """One of them, as plain numbers."""
        ...
