"""What learns beside one layer: a path of low rank, and with DoRA how strong each output is.

Sources: Hu et al. 2021, “LoRA” (arXiv:2106.09685), section 4.1; convolutions as in LoCon; Liu et
al. 2024, “DoRA” (arXiv:2402.09353), equation 5, and section 4.3 for the constant norm.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.schema.training_network import Method, NetworkSettings

Layer = nn.Linear | nn.Conv2d


class LowRankPath(nn.Module):
    """Beside a layer: down to a few numbers for each place, and up again; at first it says 0."""

    def __init__(
        self,
        layer: Layer,
        rank: int,
        scale: float,
        method: Method = "lora",
        device: torch.device | None = None,
    ) -> None:
        """Make a path that fits a layer.

        Args:
            layer: Whose input it reads.
            rank: How many numbers; no more than the layer has at its narrower end.
            scale: What its output is multiplied by.
            method: With DoRA, how strong each of the layer's outputs is is learned, too.
            device: Where it lies; None for where the layer's weights are now.
        """
        super().__init__()
        shape, device = layer.weight.shape, device or layer.weight.device
        rank = min(rank, shape[0], shape[1:].numel())
        self.down = nn.Parameter(torch.empty(rank, *shape[1:], device=device))
        self.up = nn.Parameter(torch.zeros(shape[0], rank, device=device))
        self.scale = scale
        self.magnitude = (
            nn.Parameter(layer.weight.detach().float().flatten(1).norm(dim=1))
            if method == "dora"
            else None
        )

    @property
    def rank(self) -> int:
        """How many numbers there are for each place."""
        return self.down.shape[0]

    def begin(self, chance: torch.Generator) -> None:
        """Draw what it begins with, as `nn.Linear` does."""
        bound = 1 / math.sqrt(self.down.shape[1:].numel())
        with torch.no_grad():
            self.down.copy_(torch.empty(self.down.shape).uniform_(-bound, bound, generator=chance))
            self.up.zero_()

    def changed(
        self, layer: nn.Module, seen: Tensor, said: Tensor, asked: NetworkSettings | None
    ) -> Tensor:
        """What the layer says with the path.

        Args:
            layer: The layer.
            seen: Its input.
            said: What it says by itself.
            asked: How much is left out by torch's own chance, while it learns; None for nothing.
        """
        if asked and asked.layer_dropout and float(torch.rand(())) < asked.layer_dropout:
            return said
        added = self._beside(layer, seen, asked).to(said.dtype)
        if self.magnitude is None:
            return said + added
        return self._as_strong(layer, said + added, self.magnitude)

    def _beside(self, layer: nn.Module, seen: Tensor, asked: NetworkSettings | None) -> Tensor:
        """What is added to what the layer says of its input."""
        seen = seen.to(self.down.dtype)
        if asked and asked.dropout:
            seen = functional.dropout(seen, asked.dropout)
        kept = self._kept(asked.rank_dropout) if asked and asked.rank_dropout else self.up
        if isinstance(layer, nn.Conv2d):
            down = functional.conv2d(
                seen, self.down, None, layer.stride, layer.padding, layer.dilation
            )
            return functional.conv2d(down, kept[..., None, None]) * self.scale
        return functional.linear(functional.linear(seen, self.down), kept) * self.scale

    def _kept(self, dropout: float) -> Tensor:
        """The way up, from the ranks that are not left out."""
        return self.up * functional.dropout(self.up.new_ones(self.rank), dropout)

    def _as_strong(self, layer: nn.Module, said: Tensor, magnitude: Tensor) -> Tensor:
        """With each output as strong as was learned."""
        weight, bias = layer.get_parameter("weight"), getattr(layer, "bias", None)
        with torch.no_grad():
            change = self.scale * (self.up @ self.down.flatten(1))
            norm = (weight.float().flatten(1) + change).norm(dim=1)
        strength = (magnitude / norm).to(said.dtype)
        outputs = (-1, 1, 1) if isinstance(layer, nn.Conv2d) else (-1,)
        strength = strength.view(outputs)
        if bias is None:
            return said * strength
        shift = bias.to(said.dtype).view(outputs)
        return (said - shift) * strength + shift

    def tensors(self) -> dict[str, Tensor]:
        """What was learned, by names of its own."""
        return {name: each.detach() for name, each in self.named_parameters()}
