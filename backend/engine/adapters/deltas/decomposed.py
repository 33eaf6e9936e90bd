"""DoRA: a change of the direction of a weight, whose magnitudes the file says.

The magnitudes belong to the outputs, or in older files to the inputs; then a layer that its
trainer saw as one cannot be divided, because each of them measures all outputs.

Source: Liu et al. 2024 (arXiv:2402.09353), equation 5. The norm is that of the changed weight, as
in the paper, in peft and in LyCORIS; less than full strength goes part of the way, as in
ComfyUI and AUTOMATIC1111's web UI.
"""

import torch
from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Cut, Delta, UnsuitableError, held


class Decomposed(Delta):
    """Another change, and the magnitudes that the changed weight has."""

    def __init__(self, direction: Delta, magnitudes: Tensor) -> None:
        """Keep both.

        Args:
            direction: What is added to the weight before it is brought to its magnitudes.
            magnitudes: One for each output, or shape (1, inputs, …).
        """
        super().__init__()
        self.direction = direction
        self.magnitudes = held(magnitudes)

    @property
    def rows(self) -> int:
        """The outputs of the layer."""
        return self.direction.rows

    @property
    def row_size(self) -> int:
        """The numbers for one output."""
        return self.direction.row_size

    def fitted(self, cut: Cut, shape: Size) -> "Decomposed":
        """The same for some rows."""
        direction = self.direction.fitted(cut, shape)
        if self.magnitudes.shape[0] == self.rows:
            magnitudes = cut(self.magnitudes).reshape(-1, *[1] * (len(shape) - 1))
        elif self.rows != shape[0]:
            raise UnsuitableError("its magnitudes belong to the inputs of a layer in one piece")
        else:
            magnitudes = self.magnitudes.reshape(1, -1, *[1] * (len(shape) - 2))
        return Decomposed(direction, magnitudes)

    def change(self, weight: Tensor) -> Tensor:
        """The way to the changed weight at its magnitudes."""
        changed = self.direction.change(weight).add_(weight)
        along = [d for d, size in enumerate(self.magnitudes.shape) if size == 1]
        norm = torch.linalg.vector_norm(changed, dim=along, keepdim=True)
        tiny = torch.finfo(norm.dtype).tiny
        return changed.mul_(self.magnitudes.float() / norm.clamp_min(tiny)).sub_(weight)
