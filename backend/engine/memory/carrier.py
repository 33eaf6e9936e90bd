"""Bringing weights to a device, at once or while it computes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from backend.engine.loading.kept import Kept
from backend.engine.memory.weight import Weight


@dataclass(eq=False)
class Unit:
    """Weights that come and go together."""

    weights: Sequence[Weight]

    def leave(self) -> None:
        """Take them away."""
        for weight in self.weights:
            weight.leave()


class Carrier(Protocol):
    """Brings weights."""

    def parked(self, kept: Kept) -> Kept:
        """How a tensor waits best in the machine's memory."""
        ...

    def begin(self, unit: Unit) -> None:
        """Begin to bring a unit that will work soon, where that costs nobody time."""
        ...

    def bring(self, unit: Unit) -> None:
        """Have a unit on the device: what is queued there from now on can use it."""
        ...

    def forget(self, unit: Unit) -> None:
        """Note that a unit goes, whether it had arrived or not."""
        ...


@dataclass(frozen=True)
class AtOnce:
    """Brings a unit when it is to work, and not before."""

    device: torch.device

    def parked(self, kept: Kept) -> Kept:
        """As it is."""
        return kept

    def begin(self, unit: Unit) -> None:
        """Do nothing yet."""

    def bring(self, unit: Unit) -> None:
        """Bring it now."""
        for weight in unit.weights:
            weight.come(self.device)

    def forget(self, unit: Unit) -> None:
        """Do nothing: none is under way."""


@dataclass
class Streamed:
    """Brings the next unit on a stream of its own while an NVIDIA or AMD card computes."""

    device: torch.device
    _under_way: dict[Unit, torch.cuda.Event] = field(
        default_factory=dict[Unit, torch.cuda.Event], init=False
    )
    _stream: torch.cuda.Stream | None = field(default=None, init=False)

    def parked(self, kept: Kept) -> Kept:
        """Where the card can read it by itself."""
        return kept.pinned()

    def begin(self, unit: Unit) -> None:
        """Queue the copies beside the computing."""
        if unit in self._under_way:
            return
        if self._stream is None:
            self._stream = torch.cuda.Stream(self.device)
        arrived = torch.cuda.Event()
        with torch.cuda.stream(self._stream):
            for weight in unit.weights:
                weight.come(self.device)
            arrived.record()
        self._under_way[unit] = arrived

    def bring(self, unit: Unit) -> None:
        """Have the computing wait for the copies."""
        self.begin(unit)
        computing = torch.cuda.current_stream(self.device)
        computing.wait_event(self._under_way.pop(unit))
        for weight in unit.weights:
            weight.used_on(computing)

    def forget(self, unit: Unit) -> None:
        """Nobody waits for it any more."""
        self._under_way.pop(unit, None)


def carrier_for(device: torch.device) -> Carrier:
    """The quickest that there is for a device."""
    return Streamed(device) if device.type == "cuda" else AtOnce(device)
