"""What Easel asks of the machine: commands, files and Python's own facts."""

import platform
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

COMMAND_SECONDS = 15.0
FAILED_TO_START = 127


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    text: str


class Machine(Protocol):
    """A machine that can be asked; a recorded one answers from its recording."""

    def facts(self) -> Mapping[str, str]:
        """What Python knows: system, machine, python, bits, libc, release, processor."""
        ...

    def run(self, *command: str) -> Said:
        """What a command says; code 127 where there is no such command."""
        ...

    def read(self, path: str) -> str:
        """The text of a file; empty where there is none."""
        ...

    def list(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted; none where there is no folder."""
        ...


class ThisMachine:
    """The machine that Easel runs on."""

    def facts(self) -> Mapping[str, str]:
        """What Python knows: system, machine, python, bits, libc, release, processor."""
        return {
            "system": platform.system(),
            "machine": platform.machine().lower(),
            "python": platform.python_version(),
            "bits": "64" if sys.maxsize > 2**32 else "32",
            "libc": _libc(),
            "release": platform.mac_ver()[0] or platform.release(),
            "processor": platform.processor(),
        }

    def run(self, *command: str) -> Said:
        """What a command says, both its streams; code 127 where it cannot be started."""
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=COMMAND_SECONDS,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Said(FAILED_TO_START, "it gave no answer")
        except OSError as error:
            return Said(FAILED_TO_START, str(error))
        return Said(done.returncode, done.stdout if done.returncode == 0 else _both(done))

    def read(self, path: str) -> str:
        """The text of a file; empty where there is none or it may not be read."""
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def list(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted; none where there is no folder."""
        try:
            return sorted(entry.name for entry in Path(folder).iterdir())
        except OSError:
            return []


def _libc() -> str:
    if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        return "musl"
    return " ".join(platform.libc_ver()).strip() if sys.platform == "linux" else ""


def _both(done: "subprocess.CompletedProcess[str]") -> str:
    return f"{done.stdout}\n{done.stderr}".strip()
