"""Where a module's tensor comes from, and taking it from there."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backend.engine.loading.kept import Kept, in_eight_bits, plain
from backend.engine.loading.weights import Weights
from backend.schema.errors import ModelDamagedError
from backend.schema.memory import Storage


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
        tensor = self.cut(weights.tensor(self.name), shape)
        if tensor.numel() != shape.numel():
            raise ModelDamagedError(
                f"“{weights.path.name}” has a tensor of the wrong size: {self.name}.",
                "It may belong to another kind of model. Download it again.",
            )
        return tensor.reshape(shape)

    def kept(self, weights: Weights, shape: torch.Size) -> Kept:
        """The same as the file keeps it; packed numbers are not reshaped.

        Raises:
            ModelDamagedError: When it is not there, or of another size.
        """
        kept = weights.kept(self.name)
        if kept.unpack is None or self.transposed:
            return Kept(self.take(weights, shape))
        cut = kept.cut(lambda rows: self.cut(rows, shape))
        row = weights.shape(self.name).numel() // len(kept.rows)
        if row * len(cut.rows) != shape.numel():
            return Kept(self.take(weights, shape))  # which tells what is wrong
        return cut

    def cut(self, tensor: Tensor, shape: torch.Size) -> Tensor:
        """The part of a tensor's rows that is meant, for a module's tensor of this shape."""
        if self.third is not None:
            tensor = tensor.chunk(3)[self.third]
        if self.part is not None:
            tensor = _rows(tensor, self.part, shape[0])
        if self.transposed:
            tensor = tensor.T
        return torch.cat(tensor.chunk(2)[::-1]) if self.halves_swapped else tensor


def _rows(tensor: Tensor, part: int, height: int) -> Tensor:
    return tensor[-height:] if part < 0 else tensor[part * height :][:height]


class Reader:
    """Takes a module's tensors from the files, as they are to be kept."""

    def __init__(
        self,
        shapes: Mapping[str, torch.Size],
        sources: Mapping[str, Source],
        dtype: torch.dtype,
        storage: Storage = "full",
        castable: Collection[str] = (),
    ) -> None:
        """Know the module.

        Args:
            shapes: Those of all tensors that are wanted, by name.
            sources: Where each of them lies.
            dtype: What it computes with.
            storage: How they are kept.
            castable: The names of those that may be kept in eight bits.
        """
        self.shapes = shapes
        self.sources = sources
        self.dtype = dtype
        self._storage: Storage = storage
        self._castable = frozenset(castable)

    def bytes(self, name: str) -> int:
        """What a tensor takes as the module computes with it."""
        return self.shapes[name].numel() * self.dtype.itemsize

    def read(self, name: str, weights: Weights, device: torch.device) -> Kept:
        """A tensor, copied to a device.

        Raises:
            ModelDamagedError: When it is not there, or of another size.
        """
        source, shape = self.sources[name], self.shapes[name]
        if self._storage == "stored":
            kept = source.kept(weights, shape)
            narrow = kept.unpack is not None or kept.rows.dtype.itemsize < self.dtype.itemsize
            if narrow and kept.unpack is None:
                kept = replace(kept, unpack=plain)
            return kept.copied(device, self.dtype)
        taken = source.take(weights, shape)
        if self._storage == "fp8" and name in self._castable:
            # By way of what it computes with, so that all devices keep the same numbers.
            return in_eight_bits(taken.to(device, self.dtype))
        return Kept(taken).copied(device, self.dtype)


class Filling:
    """Reads a module's tensors, bit by bit.

    Two tensors with the same source become one, such as words that an encoder has under two names.
    """

    def __init__(
        self,
        reader: Reader,
        device: torch.device,
        parked: Callable[[Kept], Kept] = lambda kept: kept,
    ) -> None:
        """Begin with nothing.

        Args:
            reader: Reads them.
            device: Where they are to be.
            parked: How each of them waits best there.
        """
        self._reader = reader
        self._device = device
        self._parked = parked
        self._made: dict[Source, Kept] = {}
        self._wanted = list(reader.shapes)
        self.tensors: dict[str, Kept] = {}
        """Those that were read, by name."""
        self.done_bytes = 0
        self.total_bytes = sum(map(reader.bytes, self._wanted))

    @property
    def missing(self) -> bool:
        """Whether tensors are still to come."""
        return len(self.tensors) < len(self._wanted)

    def go_on(self, weights: Weights, most_bytes: int) -> None:
        """Read the next tensors, about so many bytes of them.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        enough = self.done_bytes + most_bytes
        for name in self._wanted[len(self.tensors) :]:
            source = self._reader.sources[name]
            if source not in self._made:
                self._made[source] = self._parked(self._reader.read(name, weights, self._device))
            self.tensors[name] = self._made[source]
            self.done_bytes += self._reader.bytes(name)
            if self.done_bytes >= enough:
                return


def left_over(names: Iterable[str], sources: Mapping[str, Source]) -> set[str]:
    """The tensors of a file that no source takes."""
    return set(names) - {source.name for source in sources.values()}
