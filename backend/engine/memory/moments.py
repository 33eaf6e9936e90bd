"""Group norm with the mean and variance of a whole picture, for networks that see it in tiles.

A tile's own mean and variance differ from the whole picture's, and so would its colours and
contrast.
"""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import torch
from torch import Tensor
from torch.nn import GroupNorm, Module

from backend.engine.memory.tiling import Core


@dataclass
class _Sums:
    """Of what enters one norm, for each of its groups."""

    count: int
    values: Tensor
    squares: Tensor


@dataclass
class Moments:
    """The mean and variance of what enters each group norm."""

    _sums: dict[GroupNorm, _Sums] = field(default_factory=dict[GroupNorm, _Sums])

    def add(self, norm: GroupNorm, entering: Tensor) -> None:
        """Count a piece of what enters a norm, shape (1, channels, height, width)."""
        grouped = entering[0].unflatten(0, (norm.num_groups, -1))
        inside = (1, 2, 3)
        values = grouped.sum(inside, dtype=torch.float32)
        norms = torch.linalg.vector_norm(grouped, dim=inside, dtype=torch.float32)
        sums = self._sums.setdefault(
            norm, _Sums(0, torch.zeros_like(values), torch.zeros_like(values))
        )
        sums.count += grouped[0].numel()
        sums.values += values
        sums.squares += norms.square()

    def normalised(self, norm: GroupNorm, entering: Tensor, leaving: Tensor) -> Tensor:
        """What the norm would have made of `entering`, in place of `leaving`."""
        sums = self._sums[norm]
        mean = sums.values / sums.count
        variance = (sums.squares / sums.count - mean.square()).clamp(min=0.0)
        each = norm.num_channels // norm.num_groups
        weight = (variance + norm.eps).rsqrt().repeat_interleave(each) * norm.weight.float()
        bias = norm.bias.float() - mean.repeat_interleave(each) * weight
        shape = (1, -1, 1, 1)
        weight, bias = (each.to(entering.dtype).view(shape) for each in (weight, bias))
        return torch.addcmul(bias, entering, weight, out=leaving)


@contextmanager
def whole_moments(
    modules: Sequence[Module],
    used: Moments | None = None,
    measured: Moments | None = None,
    core: Core | None = None,
) -> Generator[None]:
    """Within, the group norms of some modules know the whole picture; gradients must be off.

    Args:
        modules: Whose norms.
        used: The mean and variance they take; None for those of what they see.
        measured: Where what they see is counted.
        core: The part of it that counts; None for all.
    """
    norms = [each for module in modules for each in module.modules() if isinstance(each, GroupNorm)]
    with ExitStack() as hooks:
        for norm in norms:
            hook = partial(_hear, used, measured, core)
            handle = norm.register_forward_hook(hook)
            hooks.callback(handle.remove)
        yield


def _hear(
    used: Moments | None,
    measured: Moments | None,
    core: Core | None,
    norm: Module,
    arguments: tuple[Tensor, ...],
    leaving: Tensor,
) -> Tensor:
    norm, entering = cast("GroupNorm", norm), arguments[0]
    if measured is not None:
        measured.add(norm, entering if core is None else core.of(entering))
    return leaving if used is None else used.normalised(norm, entering, leaving)
