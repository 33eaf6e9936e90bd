"""Which programs hold a device's memory, as the drivers and the system tell."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePath, PureWindowsPath
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

import psutil

from backend.memory.estimate import MIB
from backend.schema.memory import ProgramMemory
from backend.setup.machine import Machine
from backend.setup.probe import WSL_SMI

MOST = 5
"""So many programs are told."""
SMALLEST = 64 * MIB
"""Those that hold less are not worth ending."""
KFD = "/sys/class/kfd/kfd/proc"
"""Where AMD's compute driver tells of processes: `<process>/vram_<card>` holds bytes."""
_WINDOWS = (
    "Get-CimInstance Win32_PerfFormattedData_GPUPerformanceCounters_GPUProcessMemory "
    '| ForEach-Object { "$($_.Name) $($_.DedicatedUsage)" }'
)
"""Windows shares cards among programs itself, so NVIDIA's driver does not know their shares."""


_MEBIBYTES = re.compile(r"(\d+) MiB")


class Program(NamedTuple):
    """A process that holds memory."""

    pid: int
    name: str
    bytes: int


def largest(programs: Iterable[Program], without: Collection[int]) -> tuple[ProgramMemory, ...]:
    """The programs that hold most, processes of one name together, the largest first.

    Args:
        programs: All that hold something.
        without: The processes that are not told of.
    """
    held: Counter[str] = Counter()
    for program in programs:
        if program.pid not in without:
            held[program.name] += program.bytes
    told = (ProgramMemory(name=name, bytes=size) for name, size in held.most_common(MOST))
    return tuple(each for each in told if each.bytes >= SMALLEST)


def own_processes() -> frozenset[int]:
    """The ids of this process and of those that it started, such as the engine."""
    started = psutil.Process().children(recursive=True)
    return frozenset({os.getpid(), *(child.pid for child in started)})


def in_memory() -> Iterator[Program]:
    """The programs in the machine's memory."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            yield Program(process.pid, process.name(), process.memory_info().rss)


def on_card(machine: Machine, card: str) -> Iterator[Program]:
    """The programs on a card.

    Args:
        machine: The machine to ask.
        card: The card's name; all cards count where the driver knows none of this name.
    """
    yield from _on_amd(machine)
    if machine.facts()["system"] == "Windows":
        yield from _on_windows(machine)
    else:
        yield from _on_nvidia(machine, card)


def used_on_card(machine: Machine, name: str) -> int:
    """The bytes that are taken of an NVIDIA card of this name; 0 where the driver does not say."""
    for card in _nvidia_cards(machine, name):
        size = _MEBIBYTES.match(card.findtext("fb_memory_usage/used", ""))
        if size:
            return int(size[1]) * MIB
    return 0


def _on_nvidia(machine: Machine, name: str) -> Iterator[Program]:
    for card in _nvidia_cards(machine, name):
        for process in card.iter("process_info"):
            size = _MEBIBYTES.match(process.findtext("used_memory", ""))
            pid = process.findtext("pid", "")
            if size and pid.isdigit():
                path = process.findtext("process_name", "").partition(" --")[0]
                yield Program(int(pid), PurePath(path).name, int(size[1]) * MIB)


def _nvidia_cards(machine: Machine, name: str) -> Sequence[Element]:
    """What NVIDIA's driver tells of the cards of this name, or of all where none has it."""
    said = machine.run("nvidia-smi", "-q", "-x")
    if said.code != 0:
        said = machine.run(WSL_SMI, "-q", "-x")
    try:
        log = fromstring(said.text if said.code == 0 else "<none/>")  # noqa: S314
    except ParseError:
        return ()
    cards = log.findall("gpu")
    return [card for card in cards if card.findtext("product_name", "") == name] or cards


def _on_amd(machine: Machine) -> Iterator[Program]:
    for pid in machine.list(KFD):
        folder = f"{KFD}/{pid}"
        sizes = [
            machine.read(f"{folder}/{name}") for name in machine.list(folder) if "vram" in name
        ]
        held = sum(int(size) for size in sizes if size.strip().isdigit())
        if pid.isdigit() and held:
            yield Program(int(pid), _name_of(int(pid)), held)


def _on_windows(machine: Machine) -> Iterator[Program]:
    said = machine.run("powershell", "-NoProfile", "-Command", _WINDOWS)
    for pid, size in re.findall(r"^pid_(\d+)_\S* (\d+)\s*$", said.text, re.MULTILINE):
        if said.code == 0 and int(size):
            yield Program(int(pid), _name_of(int(pid)), int(size))


def _name_of(pid: int) -> str:
    """The program's name, or its process's number where it ended or tells nobody."""
    with suppress(psutil.Error):
        return PureWindowsPath(psutil.Process(pid).name()).stem
    return f"process {pid}"
