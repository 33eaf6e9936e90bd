"""A layer that computes with changes, while its own weights stay as they are."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from backend.engine.adapters.deltas.base import Delta, held
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.side_path import SidePath

Strong = tuple[float, Delta]
"""A change, and how strongly it acts."""


@dataclass(frozen=True)
class LayerChanges:
    """All changes of one layer."""

    side: SidePath | None
    """Those that are computed beside it."""
    dense: Mapping[str, Sequence[Strong]] = field(default_factory=dict[str, Sequence[Strong]])
    """Those of its `weight` and its `bias`, which each call makes anew."""

    @classmethod
    def of(
        cls, layer: nn.Module, changes: Mapping[str, Sequence[Strong]], dtype: torch.dtype
    ) -> "LayerChanges":
        """Sort what can be computed beside a layer from what cannot.

        Args:
            layer: The layer.
            changes: By `weight` and `bias`.
            dtype: What it computes with.
        """
        beside: list[tuple[float, LowRank]] = []
        dense: dict[str, list[Strong]] = {}
        for tensor, strong in changes.items():
            for strength, delta in strong:
                if tensor == "weight" and isinstance(delta, LowRank) and SidePath.is_for(layer):
                    beside.append((strength, delta))
                else:
                    dense.setdefault(tensor, []).append((strength, delta))
        return cls(SidePath(beside, dtype) if beside else None, dense)

    @property
    def modules(self) -> Iterator[nn.Module]:
        """What holds its numbers."""
        if self.side is not None:
            yield self.side
        for strong in self.dense.values():
            yield from (delta for _, delta in strong)

    def put_on(self, layer: nn.Module) -> Callable[[], None]:
        """Have a layer compute with them, and hand out what takes them off again.

        Hooks of the layer run around it as before, so that its weights come and go as planned.
        """
        layer.forward = partial(self._call, layer, layer.forward)

        def take_off() -> None:
            del layer.forward  # what is left is its class's own

        return take_off

    def _call(
        self, layer: nn.Module, plain: Callable[..., Tensor], *seen: Tensor, **more: Tensor
    ) -> Tensor:
        with self._exchanged(layer):
            said = plain(*seen, **more)
        return said if self.side is None else said + self.side(layer, seen[0])

    @contextmanager
    def _exchanged(self, layer: nn.Module) -> Generator[None]:
        """Have changed tensors in place of the layer's own during one call."""
        own = {tensor: getattr(layer, tensor) for tensor in self.dense}
        try:
            for tensor, strong in self.dense.items():
                setattr(layer, tensor, held(_changed(own[tensor], strong)))
            yield
        finally:
            for tensor, before in own.items():
                setattr(layer, tensor, before)


def _changed(weight: Tensor, strong: Sequence[Strong]) -> Tensor:
    """A weight with all changes, each of them as if it was alone."""
    exact = weight.float()
    changed = exact
    for strength, delta in strong:
        changed = torch.add(changed, delta.change(exact), alpha=strength)
    return changed.to(weight.dtype)
