"""How much memory a job really took."""

import re
from pathlib import Path

import torch

from backend.engine.accelerator import choose_device
from backend.memory.estimate import CONTEXT

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_FORGET_THE_PEAK = "5"
"""Linux: sets the most that a process held to what it holds now; see proc(5)."""
_MOST_HELD = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class PeakWatch:
    """Watches the device's memory from now on; on a processor, the process's own."""

    def __init__(self) -> None:
        self._device = choose_device()
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        elif _CLEAR.exists():
            _try_to_write(_CLEAR, _FORGET_THE_PEAK)

    @property
    def most(self) -> int | None:
        """The most bytes since then; None where the system does not tell."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_reserved(self._device) + CONTEXT["cuda"]
        if self._device.type == "mps" or not _STATUS.exists():
            return None
        found = _MOST_HELD.search(_STATUS.read_text(encoding="ascii", errors="replace"))
        return int(found[1]) * 1024 if found else None


def _try_to_write(place: Path, text: str) -> None:
    """Where the system refuses, the peak is that of the whole process, which teaches less."""
    try:
        place.write_text(text, encoding="ascii")
    except OSError:
        return
