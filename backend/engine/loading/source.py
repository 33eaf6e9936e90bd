"""Where a module's tensor comes from, and taking it from there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.engine.loading.weights import Weights
from backend.schema.errors import ModelDamagedError


@dataclass(frozen=True)
class Source:
    """One tensor of a file, or a part of it."""

    name: str
    third: int | None = None
    """Which third of its rows, where query, key and value are stored as one."""
    transposed: bool = False

    def take(self, weights: Weights, shape: torch.Size) -> Tensor:
        """Read it in the shape that the module wants.

        Raises:
            ModelDamagedError: When it is not there, or of another size.
        """
        tensor = weights.tensor(self.name)
        if self.third is not None:
            tensor = tensor.chunk(3)[self.third]
        if self.transposed:
            tensor = tensor.T
        if tensor.numel() != shape.numel():
            raise ModelDamagedError(
                f"“{weights.path.name}” has a tensor of the wrong size: {self.name}.",
                "It may belong to another kind of model. Download it again.",
            )
        return tensor.reshape(shape)


def fill(
    module: torch.nn.Module,
    sources: Mapping[str, Source],
    weights: Weights,
    dtype: torch.dtype,
    device: torch.device,
) -> None:
    """Give a module built on the meta device its weights, each converted as it is read.

    Raises:
        ModelDamagedError: When a tensor is missing or of the wrong size.
    """
    state: dict[str, Tensor] = {}
    for name, target in module.state_dict().items():
        taken = sources[name].take(weights, target.shape)
        # A copy of its own: a view would keep the file mapped, and change with it.
        state[name] = taken.to(device, dtype, copy=True).contiguous()
    module.load_state_dict(state, assign=True)


def left_over(names: Iterable[str], sources: Mapping[str, Source]) -> set[str]:
    """The tensors of a file that no source takes."""
    return set(names) - {source.name for source in sources.values()}
