"""Where Easel's own environment lies, and whether it is ready."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from backend.setup.pins import Pins
from backend.setup.stamp import read_stamp


@dataclass(frozen=True)
class Wanted:
    """What a command needs of the environment."""

    torch: str | None = None
    """The build of PyTorch asked for on this command line."""
    tests: bool = False


@dataclass(frozen=True)
class Environment:
    """The environment of one Easel, in `.venv` beside app.py."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def stamp(self) -> Path:
        """Where it is noted that it is complete."""
        return self.folder / "easel.json"

    @property
    def workshop(self) -> Path:
        """Where downloads lie until they are unpacked."""
        return self.folder / "unfinished"

    @property
    def log(self) -> Path:
        """What pip said, in full."""
        return self.folder / "setup.log"

    @property
    def lock(self) -> Path:
        """Held while it is made or mended."""
        return self.root / ".setup.lock"

    @property
    def pins(self) -> Pins:
        """What it must hold."""
        return Pins(self.root / "requirements")

    @property
    def running(self) -> bool:
        """Whether this very process runs in it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def ready(self, wanted: Wanted) -> bool:
        """Whether it was found complete and nothing has changed since; takes milliseconds."""
        stamp = read_stamp(self.stamp)
        return (
            stamp is not None
            and stamp.pins == self.pins.digest()
            and wanted.torch in {None, stamp.asked}
            and (stamp.tests or not wanted.tests)
            and self.python.exists()
            and Path(stamp.python) == self.python.resolve()
            and stamp.untouched
        )
