"""Where a module's tensor comes from, and taking it from there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Parameter

from backend.engine.loading.weights import Weights
from backend.schema.errors import ModelDamagedError


@dataclass(frozen=True)
class Source:
    """One tensor of a file, or a part of it."""

    name: str
    third: int | None = None
    """Which third of its rows, where query, key and value are stored as one."""
    part: int | None = None
    """Which part of its rows, counted in heights of the module's tensor; -1 for the last rows.

    For tensors of unequal height that are stored as one, such as query, key, value and more.
    """
    transposed: bool = False
    halves_swapped: bool = False
    """Whether the first half of its rows comes last, such as a shift before a scale."""

    def take(self, weights: Weights, shape: torch.Size) -> Tensor:
        """Read it in the shape that the module wants.

        Raises:
            ModelDamagedError: When it is not there, or of another size.
        """
        tensor = weights.tensor(self.name)
        if self.third is not None:
            tensor = tensor.chunk(3)[self.third]
        if self.part is not None:
            tensor = _rows(tensor, self.part, shape[0])
        if self.transposed:
            tensor = tensor.T
        if self.halves_swapped:
            tensor = torch.cat(tensor.chunk(2)[::-1])
        if tensor.numel() != shape.numel():
            raise ModelDamagedError(
                f"“{weights.path.name}” has a tensor of the wrong size: {self.name}.",
                "It may belong to another kind of model. Download it again.",
            )
        return tensor.reshape(shape)


def _rows(tensor: Tensor, part: int, height: int) -> Tensor:
    return tensor[-height:] if part < 0 else tensor[part * height :][:height]


def fill(
    module: torch.nn.Module,
    sources: Mapping[str, Source],
    weights: Weights,
    dtype: torch.dtype,
    device: torch.device,
) -> None:
    """Give a module built on the meta device its weights, each converted as it is read.

    Two tensors with the same source become one, such as words that an encoder has under two names.

    Raises:
        ModelDamagedError: When a tensor is missing or of the wrong size.
    """
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    made: dict[Source, Tensor] = {}
    state: dict[str, Tensor] = {}
    for name, target in module.state_dict().items():
        source = sources[name]
        if source not in made:
            taken = source.take(weights, target.shape)
            # A copy of its own: a view would keep the file mapped, and change with it.
            copied = taken.to(device, dtype, copy=True).contiguous()
            made[source] = Parameter(copied) if name in parameters else copied
        state[name] = made[source]
    module.load_state_dict(state, assign=True)


def left_over(names: Iterable[str], sources: Mapping[str, Source]) -> set[str]:
    """The tensors of a file that no source takes."""
    return set(names) - {source.name for source in sources.values()}
