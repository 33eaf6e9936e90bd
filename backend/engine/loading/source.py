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


class Filling:
    """Gives a module built on the meta device its weights, bit by bit.

    Two tensors with the same source become one, such as words that an encoder has under two names.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        sources: Mapping[str, Source],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Begin with nothing.

        Args:
            module: Whose tensors are wanted.
            sources: Where each of them lies.
            device: Where they are to be.
            dtype: What they are converted to as they are read.
        """
        self._module = module
        self._sources = sources
        self._device = device
        self._dtype = dtype
        self._shapes = {name: target.shape for name, target in module.state_dict().items()}
        self._parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
        self._made: dict[Source, Tensor] = {}
        self._state: dict[str, Tensor] = {}
        self._wanted = list(self._shapes)
        self.done_bytes = 0
        self.total_bytes = sum(map(self._bytes, self._wanted))

    @property
    def missing(self) -> bool:
        """Whether tensors are still to come."""
        return len(self._state) < len(self._wanted)

    def go_on(self, weights: Weights, most_bytes: int) -> None:
        """Read the next tensors, about so many bytes of them.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        enough = self.done_bytes + most_bytes
        for name in self._wanted[len(self._state) :]:
            source = self._sources[name]
            if source not in self._made:
                self._made[source] = self._take(name, source, weights)
            self._state[name] = self._made[source]
            self.done_bytes += self._bytes(name)
            if self.done_bytes >= enough:
                return

    def finish(self) -> None:
        """Hand the module its tensors, and make what no file holds: the numbers of positions."""
        self._module.load_state_dict(self._state, assign=True)
        for module in self._module.modules():
            for name, buffer in module.named_buffers(recurse=False):
                if buffer.is_meta:
                    count = torch.arange(buffer.shape[-1], device=self._device)
                    module.register_buffer(name, count.expand(buffer.shape), persistent=False)

    def _bytes(self, name: str) -> int:
        return self._shapes[name].numel() * self._dtype.itemsize

    def _take(self, name: str, source: Source, weights: Weights) -> Tensor:
        taken = source.take(weights, self._shapes[name])
        # A copy of its own: a view would keep the file mapped, and change with it.
        copied = taken.to(self._device, self._dtype, copy=True).contiguous()
        return Parameter(copied) if name in self._parameters else copied


def left_over(names: Iterable[str], sources: Mapping[str, Source]) -> set[str]:
    """The tensors of a file that no source takes."""
    return set(names) - {source.name for source in sources.values()}
