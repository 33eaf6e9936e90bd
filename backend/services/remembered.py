"""What this machine remembers about its memory and speed, in the data folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend.memory.pace import PaceBook
from backend.memory.peaks import PeakBook
from backend.schema.memory_settings import MemorySettings
from backend.services.usual import UsualBook

PACE_FILE = "pace.json"
PEAKS_FILE = "peaks.json"
USUAL_FILE = "memory.json"


@dataclass(frozen=True)
class Remembered:
    """The books."""

    paces: PaceBook
    peaks: PeakBook
    usual: UsualBook

    @classmethod
    def in_folder(cls, data: Path, this_time: MemorySettings | None = None) -> Self:
        """Those of a data folder.

        Args:
            data: The folder.
            this_time: What the command line decided about memory for this run.
        """
        return cls(
            PaceBook(data / PACE_FILE),
            PeakBook(data / PEAKS_FILE),
            UsualBook(data / USUAL_FILE, this_time),
        )
