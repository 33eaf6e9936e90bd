"""A full difference: a number for each number of the weight or the bias."""

from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta, held


class Difference(Delta):
    """What is added, as it is."""

    def __init__(self, added: Tensor, scale: float = 1.0) -> None:
        """Keep it, shape (outputs, …), times a scale."""
        super().__init__()
        self.added = held(added)
        self.scale = scale

    @property
    def rows(self) -> int:
        """The outputs of the layer."""
        return self.added.shape[0]

    @property
    def row_size(self) -> int:
        """The numbers for one output."""
        return self.added[0].numel()

    def fitted(self, cut: Cut, shape: Size) -> "Difference":
        """The same for some rows."""
        return Difference(cut(self.added).reshape(shape), self.scale)

    def change(self, weight: Tensor) -> Tensor:
        """The difference itself."""
        return self.added.view(weight.shape) * self.scale
