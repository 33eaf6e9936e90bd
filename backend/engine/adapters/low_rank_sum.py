"""Low-rank changes of one layer as one: computed beside it, or with its weight during a call.

Beside it they cost something for each position that the layer reads; added to a weight they cost
the same however much it reads.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.engine.adapters.deltas.base import held
from backend.engine.adapters.deltas.low_rank import LowRank


class LowRankSum(nn.Module):
    """Several changes: their ranks side by side, their strengths inside."""

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

    @staticmethod
    def is_for(layer: nn.Module) -> bool:
        """Whether a layer can have them: not normalisations, nor convolutions in groups."""
        if isinstance(layer, nn.Conv2d):
            return layer.groups == 1 and layer.padding_mode == "zeros"
        return isinstance(layer, nn.Linear)

    def is_less_beside(self, layer: nn.Module, seen: Tensor) -> bool:
        """Whether it is less work to compute them beside a layer than to add them to its weight.

        Args:
            layer: A linear layer or a convolution.
            seen: What it reads.
        """
        if isinstance(layer, nn.Conv2d):
            positions = len(seen) * seen.shape[2:].numel() // (layer.stride[0] * layer.stride[1])
        else:
            positions = seen.numel() // seen.shape[-1]
        outputs, inputs = len(self.up), self.down[0].numel()
        return positions * (inputs + outputs) < inputs * outputs

    def beside(self, layer: nn.Module, seen: Tensor) -> Tensor:
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

    def added_to(self, weight: Tensor) -> Tensor:
        """A layer's weight with them."""
        whole = torch.addmm(weight.flatten(1), self.up, self.down.flatten(1))
        return whole.view(weight.shape)


def _joined(tensors: Sequence[Tensor], dim: int) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors), dim)
