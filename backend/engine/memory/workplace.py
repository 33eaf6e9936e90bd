"""The device that the parts of a checkpoint share, and take turns on where room is short."""

import time
from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch.nn import Module

from backend.engine.loading.origin import Origin
from backend.engine.memory.carrier import carrier_for
from backend.engine.memory.placed import Ground, Placed
from backend.engine.memory.placing import How, Placing
from backend.engine.memory.weight import Tally
from backend.schema.events import Event
from backend.schema.models import Role


@dataclass
class ModelClock:
    """Counts the time spent inside calls of the text encoder, the denoising network and the VAE."""

    seconds: float = field(default=0.0)

    @contextmanager
    def running(self) -> Generator[None]:
        """Count the time of one call; on an accelerator, until the call is queued there."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start


class TakesIn(Protocol):
    """Where a part of a checkpoint, or what works beside one, is to lie."""

    def take_in(self, role: Role, module: Module, origin: Origin) -> Generator[Event]:
        """Have a part, whose module is still empty, lie as it is planned."""
        ...


class Workplace:
    """Has each part on the device when it works, and elsewhere otherwise, as it is planned.

    Beside a checkpoint's parts there may be guests, such as control models. They are known by
    their files, and stay for the next pictures until their room is needed.
    """

    def __init__(self, device: torch.device, placing: Placing | None = None) -> None:
        """Begin without parts.

        Args:
            device: Where they compute.
            placing: How each of them lies; None for all of them on the device.
        """
        self.device = device
        self.clock = ModelClock()
        self.tally = Tally()
        """The weights on the device."""
        self.prompts_in_turn = False
        """Whether the network reads one prompt after the other, not all in one call."""
        self.tile: int | None = None
        """Latents along a side of what the autoencoder encodes at once, where networks ask it on
        their own; None for the whole picture."""
        self._placing = placing or Placing()
        self._wanted = self._placing
        self._carrier = carrier_for(device)
        self._parts: dict[Role, Placed] = {}
        self._guests: dict[str, Placed] = {}
        self._marks: dict[Module, Hashable] = {}
        self.kept: dict[Hashable, object] = {}
        """What others made of its parts and guests; gone with it."""

    @property
    def placing(self) -> Placing:
        """How the parts lie."""
        return self._placing

    @property
    def parked_bytes(self) -> int:
        """What lies in the machine's memory beside the device's."""
        return sum(part.parked_bytes for part in self._all)

    @property
    def bytes_here(self) -> int:
        """What lies on the device, beside guests that the plan does not name."""
        return self.tally.now - sum(guest.bytes_here for guest in self._spare.values())

    @property
    def parts(self) -> Mapping[Role, Placed]:
        """What works here."""
        return self._parts

    def mark(self, role: Role, what: Hashable) -> None:
        """Note what a part is changed by, such as adapters; None where it is as its files say."""
        self._marks[self._parts[role].module] = what

    def changed_by(self, module: Module) -> Hashable:
        """What a part is changed by; who remembers what it said asks for this, too."""
        return self._marks.get(module)

    def take_in(self, role: Role, module: Module, origin: Origin) -> Generator[Event]:
        """Have a part, whose module is still empty, lie as it is planned.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        ground = self._ground(self._placing)
        placed = Placed(module, origin, ground)
        self._parts[role] = placed
        yield from placed.settle(self._placing.how(role), ground)

    def guest(self, file: str) -> "GuestRoom":
        """Where what is read from a file is to lie."""
        return GuestRoom(self, file)

    def take_in_guest(self, file: str, module: Module, origin: Origin) -> Generator[Event]:
        """Have a guest, whose module is still empty, lie as it is planned.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        if file in self._guests:
            self._guests.pop(file).give_up()
        ground = self._ground(self._placing)
        placed = Placed(module, origin, ground)
        self._guests[file] = placed
        yield from placed.settle(self._placing.guests.get(file, How()), ground)

    def houses(self, module: Module) -> bool:
        """Whether a module is a guest's, wherever its weights are."""
        return any(guest.module is module for guest in self._guests.values())

    def dismiss(self, *, all_guests: bool = False) -> bool:
        """Let go of the guests that nobody asks for at present, or of all; tells if there was one.

        Who needs one again finds that it is not housed any more, and reads it anew.
        """
        leaving = dict(self._guests if all_guests else self._spare)
        for file, guest in leaving.items():
            guest.give_up()
            del self._guests[file]
        return bool(leaving)

    def arrange(self, placing: Placing) -> Generator[Event]:
        """Have the parts lie in another way; those for which nothing changes are left alone."""
        self._wanted = placing
        parked_elsewhere = placing.parked != self._placing.parked
        changed = [
            (part, placing.how(role))
            for role, part in self._parts.items()
            if _moves(part, placing.how(role), elsewhere=parked_elsewhere)
        ]
        changed += [
            (guest, placing.guests[file])
            for file, guest in self._guests.items()
            if file in placing.guests
            and _moves(guest, placing.guests[file], elsewhere=parked_elsewhere)
        ]
        for part, _ in changed:
            part.give_up()
        for part, how in changed:
            yield from part.settle(how, self._ground(placing))
        self._placing = placing

    def give_up(self) -> None:
        """Take all parts away; `arrange` reads them anew."""
        for part in self._all:
            part.give_up()

    def want(self, placing: Placing) -> None:
        """Have the parts lie in another way from the next call of one on."""
        self._wanted = placing

    @contextmanager
    def at_work(self, module: Module, *beside: Module) -> Generator[None]:
        """Have a part on the device, the others that do not stay there away, and count its time.

        Args:
            module: Of the part.
            beside: Of guests that are there for as long.
        """
        if self._wanted != self._placing or not self._settled:
            for _ in self.arrange(self._wanted):
                pass
        working = [each for each in self._all if each.module in (module, *beside)]
        if working:
            for other in self._all:
                if other not in working:
                    other.leave()
            for each in working:
                each.come()
        with self.clock.running():
            yield

    @contextmanager
    def briefly(self, module: Module) -> Generator[None]:
        """Have a guest on the device beside what works already, and no longer than that."""
        guests = [each for each in self._guests.values() if each.module is module]
        for guest in guests:
            guest.come()
        try:
            yield
        finally:
            for guest in guests:
                guest.leave()

    @property
    def _all(self) -> Sequence[Placed]:
        return (*self._parts.values(), *self._guests.values())

    @property
    def _spare(self) -> Mapping[str, Placed]:
        """The guests that nobody asks for at present."""
        wanted = self._wanted.guests
        return {file: guest for file, guest in self._guests.items() if file not in wanted}

    @property
    def _settled(self) -> bool:
        spare = self._spare.values()
        return all(each.settled for each in self._all if each not in spare)

    def _ground(self, placing: Placing) -> Ground:
        return Ground(self.device, self._carrier, self.tally, placing.parked == "disk")


@dataclass(frozen=True)
class GuestRoom:
    """Where what is read from a file is to lie; takes in one part."""

    workplace: Workplace
    file: str

    def take_in(self, role: Role, module: Module, origin: Origin) -> Generator[Event]:
        """Have it lie as it is planned; see `Workplace.take_in_guest`."""
        del role
        yield from self.workplace.take_in_guest(self.file, module, origin)


def _moves(part: Placed, how: How, *, elsewhere: bool) -> bool:
    """Whether a part lies otherwise than it is to; `elsewhere`: what is parked moves."""
    return not part.settled or part.how != how or (elsewhere and not part.stays)
