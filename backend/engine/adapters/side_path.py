"""Low-rank changes of one layer, computed beside it: cheaper than changing its weight."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.engine.adapters.deltas.base import held
from backend.engine.adapters.deltas.low_rank import LowRank


class SidePath(nn.Module):
    """Several changes as one: their ranks side by side, their strengths inside."""

    def __init__(self, changes: Sequence[tuple[float, LowRank]], dtype: torch.dtype) -> None:
        """Join them.

        Args:
            changes: Each with its strength.
            dtype: What the layer computes with.
        """
        super().__init__()
        self.down = held(_joined([each.down.to(dtype) for _, each in changes], 0))
        ups = [(each.up.float() * (each.scale * strength)).to(dtype) for strength, each in changes]
        self.up = held(_joined(ups, 1))

    def forward(self, layer: nn.Module, seen: Tensor) -> Tensor:
        """What is added to what the layer says.

        Args:
            layer: A linear layer or a convolution.
            seen: What it reads.
        """
        if isinstance(layer, nn.Conv2d):
            inside = functional.conv2d(
                seen, self.down, None, layer.stride, layer.padding, layer.dilation
            )
            return functional.conv2d(inside, self.up[:, :, None, None])
        return functional.linear(functional.linear(seen, self.down), self.up)

    @staticmethod
    def is_for(layer: nn.Module) -> bool:
        """Whether a layer can have one: not normalisations, nor convolutions in groups."""
        if isinstance(layer, nn.Conv2d):
            return layer.groups == 1 and layer.padding_mode == "zeros"
        return isinstance(layer, nn.Linear)


def _joined(tensors: Sequence[Tensor], dim: int) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors), dim)
