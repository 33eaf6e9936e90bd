"""What ControlNets add to the blocks of a transformer while it draws.

Source: Zhang et al. 2023 (arXiv:2302.05543), as diffusers' pipelines apply it to SD 3 and FLUX.1.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Protocol, Self, cast

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import interpolate

from backend.engine.control.unit import ControlNetwork, Shown, Unit
from backend.engine.families.guiding import PromptRows
from backend.engine.memory.workplace import Workplace
from backend.engine.window import Window
from backend.schema.control_types import ControlType

LAST_SHARE = 0.1
"""Of a unit's weight, what its last residual keeps where the prompt counts more."""


class SteersBlocks(ControlNetwork, Protocol):
    """A ControlNet that looks at what a transformer is told, and adds to what its blocks make."""

    def said(
        self, inputs: Mapping[str, Tensor], shown: Shown, kind: ControlType | None
    ) -> Sequence[Tensor]:
        """Its residuals, from the first block to the last, each of shape (rows, tokens, width).

        Args:
            inputs: What the transformer is told, row by row.
            shown: What it made of the map, cut to what is drawn.
            kind: What the map shows.
        """
        ...

    def spread(self, residuals: Sequence[Tensor]) -> Sequence[Sequence[Tensor]]:
        """Its residuals as they come behind the transformer's blocks.

        Returns:
            For each kind of blocks, one residual behind each of them; empty for a kind that it
            adds nothing to.
        """
        ...


@dataclass(frozen=True)
class Steering:
    """The units that steer the drawing of a transformer."""

    units: tuple[Unit, ...]
    window: Window
    workplace: Workplace
    shared: bool = False
    """Whether what is said of the prompt holds for the negative prompt too, unasked."""

    def at(self, sigma: Tensor) -> Self:
        """Those that have a say at a noise level."""
        level = float(sigma)
        return replace(self, units=tuple(u for u in self.units if u.weight and u.steers(level)))

    @property
    def beside(self) -> tuple[Module, ...]:
        """The modules that are to be at work as long as the transformer."""
        return tuple(unit.network.module for unit in self.units if not unit.low_vram)

    def residuals(
        self, rows: PromptRows, inputs: Mapping[str, Tensor], tokens: tuple[int, int]
    ) -> Sequence[Sequence[Tensor]]:
        """What is added behind the blocks, all units together.

        Args:
            rows: The prompts, for as many pictures as are drawn at once.
            inputs: What the transformer is told, row by row.
            tokens: Those of a picture: how many rows, and how many in each.

        Returns:
            For each kind of the transformer's blocks, one residual behind each of them, or none at
            all; empty where no unit steers.
        """
        added = [self._of(unit, rows, inputs, tokens) for unit in self.units]
        return [_summed([one for one in kind if one]) for kind in zip(*added, strict=True)]

    def _of(
        self,
        unit: Unit,
        rows: PromptRows,
        inputs: Mapping[str, Tensor],
        tokens: tuple[int, int],
    ) -> Sequence[Sequence[Tensor]]:
        network = cast("SteersBlocks", unit.network)
        skips = rows.guided and (self.shared or unit.mode == "control")
        asked = _without_negative(inputs, rows.prompts) if skips else inputs
        with self.workplace.briefly(network.module) if unit.low_vram else nullcontext():
            said = self._said(unit, asked, rows.prompts - skips)
        strengths = strengths_of(unit, len(said))
        if unit.mask is not None:
            where = interpolate(self.window.cut(unit.mask).to(said[0]), tokens, mode="area")
            strengths = [where.flatten(2).transpose(1, 2) * strength for strength in strengths]
        # In place: they are large, and nobody else has them.
        scaled = [each.mul_(strength) for each, strength in zip(said, strengths, strict=True)]
        if skips:
            pictures = len(scaled[0]) // (rows.prompts - 1)
            silent = unit.mode == "control"
            scaled = [_with_negative(each, pictures, silent=silent) for each in scaled]
        return network.spread(scaled)

    def _said(self, unit: Unit, inputs: Mapping[str, Tensor], prompts: int) -> Sequence[Tensor]:
        network, shown = cast("SteersBlocks", unit.network), unit.seen_through(self.window)
        turns = prompts if self.workplace.prompts_in_turn else 1
        pieces = {name: each.chunk(turns) for name, each in inputs.items()}
        said = [
            network.said({name: each[turn] for name, each in pieces.items()}, shown, unit.type)
            for turn in range(turns)
        ]
        return said[0] if turns == 1 else [torch.cat(each) for each in zip(*said, strict=True)]


def strengths_of(unit: Unit, count: int) -> list[float | Tensor]:
    """How strongly each of a unit's residuals is added.

    Where the prompt counts more, they become weaker from the first, which shapes the whole, to the
    last, near the details.
    """
    if unit.mode != "prompt":
        return [unit.weight] * count
    last = max(1, count - 1)
    return [unit.weight * LAST_SHARE ** (place / last) for place in range(count)]


def _without_negative(inputs: Mapping[str, Tensor], prompts: int) -> Mapping[str, Tensor]:
    return {name: rows[len(rows) // prompts :] for name, rows in inputs.items()}


def _with_negative(residual: Tensor, pictures: int, *, silent: bool) -> Tensor:
    """With rows for the negative prompt: nothing, or what is said of the first prompt."""
    first = residual[:pictures]
    return torch.cat([torch.zeros_like(first) if silent else first, residual])


def _summed(units: Sequence[Sequence[Tensor]]) -> Sequence[Tensor]:
    """The sum of several units' residuals, block by block.

    Blocks in a row often share theirs, which is added up once.
    """
    sums: dict[tuple[int, ...], Tensor] = {}
    summed: list[Tensor] = []
    for residuals in zip(*units, strict=True):
        key = tuple(map(id, residuals))
        if key not in sums:
            sums[key] = reduce(add, residuals)
        summed.append(sums[key])
    return summed
