"""A layer that computes with changes, while its own weights stay as they are."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from backend.engine.adapters.deltas.base import Delta, held
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.low_rank_sum import LowRankSum

Strong = tuple[float, Delta]
"""A change, and how strongly it acts."""


@dataclass(frozen=True)
class LayerChanges:
    """All changes of one layer."""

    low: LowRankSum | None
    """Those of low rank, as one."""
    others: Mapping[str, Sequence[Strong]] = field(default_factory=dict[str, Sequence[Strong]])
    """Those of its `weight` and its `bias` that are not."""

    @classmethod
    def of(
        cls, layer: nn.Module, changes: Mapping[str, Sequence[Strong]], dtype: torch.dtype
    ) -> "LayerChanges":
        """Join what is of low rank.

        Args:
            layer: The layer.
            changes: By `weight` and `bias`.
            dtype: What it computes with.
        """
        low: list[tuple[float, LowRank]] = []
        others: dict[str, list[Strong]] = {}
        for tensor, strong in changes.items():
            for strength, delta in strong:
                if tensor == "weight" and isinstance(delta, LowRank) and LowRankSum.is_for(layer):
                    low.append((strength, delta))
                else:
                    others.setdefault(tensor, []).append((strength, delta))
        return cls(LowRankSum(low, dtype) if low else None, others)

    @property
    def modules(self) -> Iterator[nn.Module]:
        """What holds its numbers."""
        if self.low is not None:
            yield self.low
        for strong in self.others.values():
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
        low = self.low
        beside = low is not None and low.is_less_beside(layer, seen[0])
        with self._exchanged(layer, None if beside else low):
            said = plain(*seen, **more)
        return said + low.beside(layer, seen[0]) if beside and low is not None else said

    @contextmanager
    def _exchanged(self, layer: nn.Module, low: LowRankSum | None) -> Generator[None]:
        """Have changed tensors in place of the layer's own during one call."""
        tensors = self.others.keys() | ({"weight"} if low is not None else set[str]())
        own = {tensor: getattr(layer, tensor) for tensor in tensors}
        try:
            for tensor in tensors:
                changed = _changed(own[tensor], self.others.get(tensor, ()))
                if low is not None and tensor == "weight":
                    changed = low.added_to(changed)
                setattr(layer, tensor, held(changed))
            yield
        finally:
            for tensor, before in own.items():
                setattr(layer, tensor, before)


def _changed(weight: Tensor, strong: Sequence[Strong]) -> Tensor:
    """A weight with all changes, each of them as if it was alone."""
    if not strong:
        return weight
    exact = weight.float()
    changed = exact
    for strength, delta in strong:
        changed = torch.add(changed, delta.change(exact), alpha=strength)
    return changed.to(weight.dtype)
