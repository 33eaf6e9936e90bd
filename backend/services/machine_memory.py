"""What memory this machine has, and how much of it Easel may use."""

import platform
from collections.abc import Callable
from functools import cached_property

import psutil

from backend.memory.estimate import CONTEXT, MIB
from backend.schema.jobs import DeviceView
from backend.schema.memory import Budget, DeviceKind, MemoryState, PlanRequest
from backend.schema.memory_settings import MemoryLimits
from backend.services.programs import in_memory, largest, on_card, own_processes, used_on_card
from backend.setup.machine import Machine, ThisMachine
from backend.setup.probe import probe_machine


class MachineMemory:
    """Looks at the memory whenever it is asked."""

    def __init__(
        self,
        device: Callable[[], DeviceView | None] = lambda: None,
        machine: Machine | None = None,
    ) -> None:
        """Look at this machine.

        Args:
            device: What the engine told last of what it computes with; None before that.
            machine: The machine to ask for cards and programs.
        """
        self._device = device
        self._machine = machine or ThisMachine()

    @property
    def device(self) -> DeviceView:
        """What the engine computes with; before it said so, what is found without it."""
        return self._device() or self._found

    @property
    def kind(self) -> DeviceKind:
        """What computes. A device with other memory than the machine's is a card."""
        if self.device.memory_total != psutil.virtual_memory().total:
            return "cuda"
        apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
        return "mps" if apple else "cpu"

    def is_asked_about(self, request: PlanRequest) -> bool:
        """Whether a plan is for this machine's own device, not for one that somebody imagines."""
        return request.device_bytes is None and request.device in (None, self.kind)

    def budget(self, request: PlanRequest, limits: MemoryLimits) -> Budget:
        """What is asked about; else what is there and not held by others, within the limits."""
        ram = request.ram_bytes or _within(limits.ram_bytes, self._usable_ram)
        if self.is_asked_about(request):
            usable = ram if self.kind != "cuda" else self._usable_on_card
            usable = _within(limits.device_bytes, usable)
            return Budget(device=self.kind, device_bytes=usable, ram_bytes=ram)
        kind = request.device or "cuda"
        return Budget(device=kind, device_bytes=request.device_bytes or ram, ram_bytes=ram)

    def state(self, *, names: bool) -> MemoryState:
        """How full the memory is.

        Args:
            names: Whether other programs are named.
        """
        device, kind, ram = self.device, self.kind, psutil.virtual_memory()
        held, used = device.process_bytes, ram.total - ram.available
        programs = in_memory
        if kind == "cuda":
            held, used = self._held_on_card, device.memory_used
            programs = lambda: on_card(self._machine, device.name)  # noqa: E731
        held = min(held, used)
        return MemoryState(
            device=device.name,
            kind=kind,
            total_bytes=device.memory_total,
            free_bytes=device.memory_total - used,
            easel_bytes=held,
            others_bytes=used - held,
            programs=largest(programs(), own_processes()) if names else (),
            ram_total_bytes=ram.total,
            ram_free_bytes=ram.available,
        )

    @property
    def _usable_ram(self) -> int:
        """What is free, and what the engine gives back for what it does next."""
        return psutil.virtual_memory().available + self.device.process_bytes

    @property
    def _usable_on_card(self) -> int:
        device = self.device
        free = device.memory_total - device.memory_used
        return min(free + self._held_on_card, device.memory_total)

    @property
    def _held_on_card(self) -> int:
        """With the driver's own part, which the engine does not see."""
        told = self._device()
        return told.memory_held + CONTEXT["cuda"] if told else 0

    @cached_property
    def _found(self) -> DeviceView:
        """The largest card, or the processor."""
        cards = probe_machine(self._machine).nvidia_cards
        if cards:
            card = max(cards, key=lambda card: card.memory_mib)
            used = used_on_card(self._machine, card.name)
            return DeviceView(name=card.name, memory_used=used, memory_total=card.memory_mib * MIB)
        memory = psutil.virtual_memory()
        used = memory.total - memory.available
        return DeviceView(name="", memory_used=used, memory_total=memory.total)


def _within(limit: int | None, there: int) -> int:
    return there if limit is None else min(limit, there)
