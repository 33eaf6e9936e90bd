"""Noticing that a card's memory overflowed into the machine's, where its driver does not say so.

On Windows, NVIDIA's driver moves what does not fit to the machine's memory instead of refusing it
(since version 536.40; its control panel calls it “CUDA sysmem fallback policy”). Everything then
takes many times as long.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from backend.engine.accelerator import choose_device, free_bytes

MANY = 3.0
"""Steps that take so many times as long as they should are not just slow."""
FULL = 0.03
"""A card with less than this share of its memory free is full."""
SLOW_STEPS = 2
"""One step may be slow for another reason, such as a program that just started."""


def spills_here() -> bool:
    """Whether this system's driver overflows instead of refusing."""
    return sys.platform == "win32" and torch.cuda.is_available()


def card_is_full() -> bool:
    """Whether hardly any of the card's memory is free."""
    device = choose_device()
    total = torch.cuda.get_device_properties(device).total_memory
    return free_bytes(device) < FULL * total


@dataclass
class SpillWatch:
    """Hears how long each step took, and tells when the memory must have overflowed."""

    expected: float | None
    """Seconds of a step, as earlier runs on this device took; None where there were none."""
    full: Callable[[], bool] = card_is_full
    _slow: int = field(default=0, init=False)

    def noticed(self, seconds: float) -> bool:
        """Whether a step of so many seconds was one too many; it counts anew afterwards."""
        if self.expected is None or seconds < MANY * self.expected:
            self._slow = 0
            return False
        self._slow += 1
        if self._slow < SLOW_STEPS or not self.full():
            return False
        self._slow = 0
        return True
