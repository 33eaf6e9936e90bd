"""The device that the parts of a checkpoint share, and take turns on where room is short."""

import time
from collections.abc import Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch.nn import Module

from backend.engine.loading.origin import Origin
from backend.engine.memory.carrier import carrier_for
from backend.engine.memory.placed import Ground, Placed
from backend.engine.memory.placing import Placing
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


class Workplace:
    """Has each part on the device when it works, and elsewhere otherwise, as it is planned."""

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
        self._placing = placing or Placing()
        self._wanted = self._placing
        self._carrier = carrier_for(device)
        self._parts: dict[Role, Placed] = {}
        self._marks: dict[Module, Hashable] = {}

    @property
    def placing(self) -> Placing:
        """How the parts lie."""
        return self._placing

    @property
    def parked_bytes(self) -> int:
        """What lies in the machine's memory beside the device's."""
        return sum(part.parked_bytes for part in self._parts.values())

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

    def arrange(self, placing: Placing) -> Generator[Event]:
        """Have the parts lie in another way; those for which nothing changes are left alone."""
        self._wanted = placing
        parked_elsewhere = placing.parked != self._placing.parked
        changed = [
            (part, placing.how(role))
            for role, part in self._parts.items()
            if not part.settled
            or part.how != placing.how(role)
            or (parked_elsewhere and not part.stays)
        ]
        for part, _ in changed:
            part.give_up()
        for part, how in changed:
            yield from part.settle(how, self._ground(placing))
        self._placing = placing

    def want(self, placing: Placing) -> None:
        """Have the parts lie in another way from the next call of one on."""
        self._wanted = placing

    @contextmanager
    def at_work(self, module: Module) -> Generator[None]:
        """Have a part on the device, the others that do not stay there away, and count its time."""
        if self._wanted != self._placing:
            for _ in self.arrange(self._wanted):
                pass
        placed = next((part for part in self._parts.values() if part.module is module), None)
        if placed is not None:
            for other in self._parts.values():
                if other is not placed:
                    other.leave()
            placed.come()
        with self.clock.running():
            yield

    def _ground(self, placing: Placing) -> Ground:
        return Ground(self.device, self._carrier, self.tally, placing.parked == "disk")
