"""What control models add to a UNet: to what it hands across, or to what it goes on with."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import interpolate

from backend.engine.control.unit import Shown, Unit
from backend.engine.memory.workplace import Workplace
from backend.engine.window import Window
from backend.schema.control_types import ControlType

SHRINKING, LEVELS = 0.825, 12
"""Where prompt or map counts more: each level has so much of the weight of the next deeper one,
counted from the middle of SD's UNet. As A1111's extension and its authors have it."""
OF_ADAPTERS = (0.25, 0.62, 0.825, 1.0)
"""The same for the levels of T2I-Adapters."""


@dataclass(frozen=True)
class Asked:
    """What a UNet is asked in a call, and control models with it."""

    latents: Tensor
    """Shape (rows, 4, height, width), scaled as the UNet sees them."""
    time: Tensor
    states: Tensor
    """The prompts, shape (rows, tokens, width)."""
    added: Mapping[str, Tensor]
    """What the family tells beside noise level and prompts."""
    negatives: int
    """How many of the rows are of the negative prompt; they come first."""

    def without_negatives(self) -> Self:
        """The rows of what is to be drawn."""
        first = self.negatives
        added = {name: rows[first:] for name, rows in self.added.items()}
        latents, states = self.latents[first:], self.states[first:]
        return replace(self, latents=latents, states=states, added=added, negatives=0)

    def times(self, count: int) -> Self:
        """The same rows several times."""
        added = {name: _times(rows, count) for name, rows in self.added.items()}
        latents, states = _times(self.latents, count), _times(self.states, count)
        return replace(self, latents=latents, states=states, added=added)


@dataclass(frozen=True)
class Residuals:
    """What is added in a UNet, each of shape (rows, channels, height, width)."""

    across: tuple[Tensor, ...] = ()
    """To what the first half hands to the second, in the order in which it is made, and last to
    what the middle makes: ControlNets."""
    onward: tuple[Tensor, ...] = ()
    """To what each level of the first half goes on with: T2I-Adapters."""

    def __add__(self, other: Self) -> Self:
        """Those of two control models together."""
        return replace(
            self,
            across=_sums(self.across, other.across),
            onward=_sums(self.onward, other.onward),
        )

    def parted(self, count: int) -> list[Self]:
        """As many as there were times the rows, each for its rows."""
        across, onward = (
            [values.chunk(count) for values in each] for each in (self.across, self.onward)
        )
        return [
            replace(
                self,
                across=tuple(values[place] for values in across),
                onward=tuple(values[place] for values in onward),
            )
            for place in range(count)
        ]

    def after(self, rows: int) -> Self:
        """The same for rows that follow others, for which nothing is added."""
        if not rows:
            return self
        return self._each(lambda values: torch.cat([_nothing(values, rows), values]))

    def within(self, mask: Tensor) -> Self:
        """What is left where a mask lets it through.

        Args:
            mask: From 0 to 1, shape (1, 1, height, width).
        """
        return self._each(lambda values: values * _resized(mask, values))

    def weighted(self, weight: float) -> Self:
        """All times a weight."""
        return self._each(lambda values: values * weight)

    def softened(self) -> Self:
        """Less of each, the farther it is from the middle."""
        across = [
            values * SHRINKING ** (LEVELS - place) for place, values in enumerate(self.across)
        ]
        onward = [values * share for values, share in zip(self.onward, OF_ADAPTERS, strict=False)]
        return replace(self, across=tuple(across), onward=tuple(onward))

    def averaged(self) -> Self:
        """Everywhere the mean of the whole picture: what is there, not where."""
        return self._each(lambda values: values.mean((2, 3), keepdim=True).expand_as(values))

    def as_arguments(self) -> dict[str, object]:
        """As diffusers' UNet takes them."""
        arguments: dict[str, object] = {}
        if self.across:
            *down, middle = self.across
            arguments["down_block_additional_residuals"] = tuple(down)
            arguments["mid_block_additional_residual"] = middle
        if self.onward:
            arguments["down_intrablock_additional_residuals"] = list(self.onward)
        return arguments

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        across, onward = tuple(map(change, self.across)), tuple(map(change, self.onward))
        return replace(self, across=across, onward=onward)


@runtime_checkable
class SteersUNet(Protocol):
    """A control model that adds to what a UNet makes of its input."""

    @property
    def pools(self) -> bool:
        """Whether it tells what is in its map, not where; then of what is to be drawn alone."""
        ...

    @property
    def idle(self) -> bool:
        """Whether it said all before the first step, and its weights are not needed any more."""
        ...

    def residuals(self, asked: Asked, shown: Shown, kind: ControlType | None) -> Residuals:
        """What it adds, at a weight of 1.

        Args:
            asked: What the UNet is asked.
            shown: What it made of the map, cut to what is drawn.
            kind: What the map shows.
        """
        ...


@dataclass(frozen=True)
class Steering:
    """The units that steer a call of a UNet."""

    units: Sequence[Unit]
    window: Window
    workplace: Workplace

    @property
    def modules(self) -> Collection[Module]:
        """Those of all networks, each once."""
        return dict.fromkeys(unit.network.module for unit in self.units)

    @property
    def beside(self) -> tuple[Module, ...]:
        """The modules that are to be at work as long as the UNet."""
        return tuple(unit.network.module for unit in self.units if not self._comes_and_goes(unit))

    def arguments(self, asked: Asked) -> dict[str, object]:
        """What all units together tell the UNet in a call of it, as its arguments."""
        total: Residuals | None = None
        for residuals in self._each(asked):
            total = residuals if total is None else total + residuals
        return {} if total is None else total.as_arguments()

    def _each(self, asked: Asked) -> Iterator[Residuals]:
        for network, units in self._groups():
            alone = _heeds_drawn_alone(units[0], network)
            rows = asked.negatives if alone else 0
            if rows == len(asked.latents):
                continue  # the negative prompt, in a call of its own
            seen = asked.without_negatives() if alone else asked
            with self._there(units[0]):
                said = self._said(network, units, seen)
            for unit, residuals in zip(units, said, strict=True):
                yield self._told(unit, network, residuals).after(rows)

    def _groups(self) -> Iterator[tuple[SteersUNet, list[Unit]]]:
        """The units that a network follows in one go, which is quicker than one by one.

        Where memory is short, so that prompts are read in turn, each is followed by itself.
        """
        groups: dict[Hashable, tuple[SteersUNet, list[Unit]]] = {}
        for number, unit in enumerate(self.units):
            network = unit.network
            if not isinstance(network, SteersUNet):
                continue
            alone, kind = _heeds_drawn_alone(unit, network), unit.type
            apart = network.idle or self.workplace.prompts_in_turn
            key = number if apart else (id(network.module), alone, kind, unit.low_vram)
            groups.setdefault(key, (network, []))[1].append(unit)
        yield from groups.values()

    def _said(self, network: SteersUNet, units: Sequence[Unit], asked: Asked) -> list[Residuals]:
        """What a network says to each of several units of one type."""
        shown = [unit.seen_through(self.window) for unit in units]
        if len(units) == 1:
            return [network.residuals(asked, shown[0], units[0].type)]
        rows, count = len(asked.latents), len(units)
        together = tuple(
            torch.cat([each.expand(rows, -1, -1, -1) for each in level])
            for level in zip(*shown, strict=True)
        )
        return network.residuals(asked.times(count), together, units[0].type).parted(count)

    def _there(self, unit: Unit) -> AbstractContextManager[None]:
        network = unit.network
        brief = unit.low_vram and isinstance(network, SteersUNet) and not network.idle
        return self.workplace.briefly(network.module) if brief else nullcontext()

    def _comes_and_goes(self, unit: Unit) -> bool:
        return unit.low_vram or (isinstance(unit.network, SteersUNet) and unit.network.idle)

    def _told(self, unit: Unit, network: SteersUNet, residuals: Residuals) -> Residuals:
        """As much of what a network says as its unit lets through."""
        if _pools(unit, network):
            residuals = residuals.averaged()
        elif unit.mode != "balanced":
            residuals = residuals.softened()
        if unit.weight != 1:
            residuals = residuals.weighted(unit.weight)
        return residuals if unit.mask is None else residuals.within(self.window.cut(unit.mask))


def _heeds_drawn_alone(unit: Unit, network: SteersUNet) -> bool:
    """Whether what a unit says holds for what is to be drawn, not for the negative prompt."""
    return unit.mode == "control" or _pools(unit, network)


def _pools(unit: Unit, network: SteersUNet) -> bool:
    """Whether a unit is to tell what is in its map, not where; files do not say it, types do."""
    return network.pools or unit.type is ControlType.SHUFFLE


def _sums(ones: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Sums of both; those of one alone where the other has none."""
    if not ones or not others:
        return ones or others
    return tuple(one + other for one, other in zip(ones, others, strict=True))


def _times(rows: Tensor, count: int) -> Tensor:
    return rows.repeat(count, *[1] * (rows.ndim - 1))


def _nothing(values: Tensor, rows: int) -> Tensor:
    return values.new_zeros(rows, *values.shape[1:])


def _resized(mask: Tensor, values: Tensor) -> Tensor:
    return interpolate(mask.to(values), values.shape[-2:], mode="area")
