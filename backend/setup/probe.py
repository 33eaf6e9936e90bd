"""Looks at the machine: system, graphics cards and their drivers, memory."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.setup.machine import Machine, Said

NVIDIA_VENDOR = "0x10de"
AMD_VENDOR = "0x1002"
DISPLAY_CLASSES = ("0x03", "0x12")  # displays, and accelerators without one
WSL_SMI = "/usr/lib/wsl/lib/nvidia-smi"
PCI = "/sys/bus/pci/devices"
DRM = "/sys/class/drm"
KFD_NODES = "/sys/class/kfd/kfd/topology/nodes"
FULL_QUERY = "name,driver_version,compute_cap,memory.total"
OLD_QUERY = "name,driver_version,memory.total"  # drivers before 510 do not tell the capability
MISSING_COMMAND = 127
SHARED = 0.75
"""The part of a Mac's memory that its graphics may take."""


@dataclass(frozen=True)
class NvidiaCard:
    """One NVIDIA card."""

    name: str
    memory_mib: int
    capability: tuple[int, int] | None = None
    """The compute capability, such as (8, 9); None where the driver does not tell it."""


@dataclass(frozen=True)
class Probe:
    """What was found on a machine, as far as it decides which PyTorch fits."""

    system: str
    """Linux, Windows or Darwin (macOS)."""
    machine: str
    """The processor's architecture, such as x86_64, amd64, aarch64, arm64."""
    python: tuple[int, ...]
    bits: int = 64
    libc: str = ""
    release: str = ""
    """The version of macOS, or of the kernel."""
    processor: str = ""
    memory_bytes: int = 0
    translated: bool = False
    """A Python for Intel on Apple Silicon."""
    nvidia_cards: tuple[NvidiaCard, ...] = ()
    nvidia_driver: str = ""
    """The driver's version, such as 580.95.05."""
    nvidia_trouble: str = ""
    """Why nvidia-smi is there but fails, in its own words."""
    nvidia_without_driver: bool = False
    amd_targets: tuple[str, ...] = ()
    """Cards that AMD's compute driver offers, such as gfx1100."""
    amd_memory_mib: int = 0
    amd_without_driver: bool = False

    @property
    def graphics_in_words(self) -> Sequence[str]:
        """The graphics cards, one line each."""
        words = [
            f"{card.name}, {round(card.memory_mib / 1024)} GB, driver {self.nvidia_driver}"
            for card in self.nvidia_cards
        ]
        words += [f"AMD {target}" for target in self.amd_targets]
        if self.nvidia_trouble:
            words.append(f"NVIDIA, but its driver does not work: {self.nvidia_trouble}")
        if self.nvidia_without_driver:
            words.append("NVIDIA, without NVIDIA's driver")
        if self.amd_without_driver:
            words.append("AMD, without a compute driver")
        if self.system == "Darwin":
            words.append("Apple's GPU, which shares the memory")
        return words

    @property
    def card_bytes(self) -> int:
        """The memory of the best card; 0 where there is none or it is not known."""
        if self.system == "Darwin":
            return int(self.memory_bytes * SHARED)
        sizes = [card.memory_mib for card in self.nvidia_cards] or [self.amd_memory_mib]
        return max(sizes) * 2**20

    @property
    def wsl(self) -> bool:
        """Linux inside Windows."""
        return "microsoft" in self.release.lower()


def probe_machine(machine: Machine) -> Probe:
    """Look at a machine; takes about a second where a card's tool must be asked."""
    facts = machine.facts()
    system = facts["system"]
    cards, driver, trouble = _nvidia(machine)
    targets = _amd_targets(machine) if system == "Linux" else ()
    vendors = _card_vendors(machine, system)
    return Probe(
        system=system,
        machine=facts["machine"],
        python=_numbers(facts["python"]),
        bits=int(facts["bits"]),
        libc=facts["libc"],
        release=facts["release"],
        processor=_processor(machine, facts),
        memory_bytes=_memory(machine, system),
        translated=system == "Darwin" and _sysctl(machine, "sysctl.proc_translated") == "1",
        nvidia_cards=cards,
        nvidia_driver=driver,
        nvidia_trouble=trouble,
        nvidia_without_driver=NVIDIA_VENDOR in vendors and not driver and not trouble,
        amd_targets=targets,
        amd_memory_mib=_amd_memory(machine) if targets else 0,
        amd_without_driver=AMD_VENDOR in vendors and not targets,
    )


def _nvidia(machine: Machine) -> tuple[tuple[NvidiaCard, ...], str, str]:
    said, full = _ask_nvidia(machine)
    if said.code == MISSING_COMMAND:
        return (), "", ""
    if said.code != 0:
        sentence = " ".join(said.text.split())
        return (), "", "" if "No devices were found" in sentence else sentence[:200]
    cards: list[NvidiaCard] = []
    driver = ""
    for line in said.text.splitlines():
        values = [value.strip() for value in line.split(",")]
        if len(values) < (4 if full else 3):
            continue
        driver = values[1]
        capability = _numbers(values[2]) if full else ()
        memory = _numbers(values[-1])
        cards.append(
            NvidiaCard(
                values[0],
                memory[0] if memory else 0,
                (capability[0], capability[1]) if len(capability) > 1 else None,
            )
        )
    return tuple(cards), driver, ""


def _ask_nvidia(machine: Machine) -> tuple[Said, bool]:
    """Ask nvidia-smi for all that matters, and an old one for what it knows."""
    said = Said(MISSING_COMMAND, "")
    for tool in ("nvidia-smi", WSL_SMI):
        for query in (FULL_QUERY, OLD_QUERY):
            said = machine.run(tool, f"--query-gpu={query}", "--format=csv,noheader,nounits")
            if said.code == MISSING_COMMAND:
                break
            if "is not a valid field" not in said.text:
                return said, query == FULL_QUERY
    return said, True


def _amd_targets(machine: Machine) -> tuple[str, ...]:
    """The targets of the cards that AMD's compute driver lists (processors have no SIMDs)."""
    targets: list[str] = []
    for node in machine.list(KFD_NODES):
        text = machine.read(f"{KFD_NODES}/{node}/properties")
        facts = dict(line.split(None, 1) for line in text.splitlines() if " " in line)
        if facts.get("simd_count", "0").strip() != "0":
            number = int(facts.get("gfx_target_version", "0"))
            major, minor, stepping = number // 10000, number // 100 % 100, number % 100
            targets.append(f"gfx{major}{minor:x}{stepping:x}")
    return tuple(targets)


def _amd_memory(machine: Machine) -> int:
    """The memory of the largest card that AMD's driver serves, in MiB."""
    texts = [machine.read(f"{DRM}/{card}/device/mem_info_vram_total") for card in machine.list(DRM)]
    return max((numbers[0] for numbers in map(_numbers, texts) if numbers), default=0) // 2**20


def _card_vendors(machine: Machine, system: str) -> set[str]:
    """Who made the graphics cards, as PCI vendor numbers."""
    if system == "Windows":
        said = machine.run(
            "powershell", "-NoProfile", "-Command", "(Get-CimInstance Win32_VideoController).Name"
        )
        names = said.text.lower() if said.code == 0 else ""
        amd = AMD_VENDOR if re.search(r"\b(amd|radeon)\b", names) else ""
        return {amd, NVIDIA_VENDOR if "nvidia" in names else ""} - {""}
    return {
        machine.read(f"{PCI}/{device}/vendor").strip()
        for device in machine.list(PCI)
        if machine.read(f"{PCI}/{device}/class").startswith(DISPLAY_CLASSES)
    }


def _memory(machine: Machine, system: str) -> int:
    if system == "Darwin":
        numbers = _numbers(_sysctl(machine, "hw.memsize"))
    elif system == "Windows":
        command = "(Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory"
        numbers = _numbers(machine.run("powershell", "-NoProfile", "-Command", command).text)
    else:
        found = re.search(r"MemTotal:\s+(\d+) kB", machine.read("/proc/meminfo"))
        return int(found[1]) * 1024 if found else 0
    return numbers[0] if numbers else 0


def _processor(machine: Machine, facts: Mapping[str, str]) -> str:
    if facts["system"] == "Darwin":
        return _sysctl(machine, "machdep.cpu.brand_string") or facts["processor"]
    found = re.search(r"model name\s*:\s*(.+)", machine.read("/proc/cpuinfo"))
    return found[1].strip() if found else facts["processor"] or facts["machine"]


def _sysctl(machine: Machine, name: str) -> str:
    said = machine.run("sysctl", "-n", name)
    return said.text.strip() if said.code == 0 else ""


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers at the start of a version: "3.11.7" → (3, 11, 7)."""
    found = re.match(r"\d+(?:\.\d+)*", text.strip())
    return tuple(int(number) for number in found[0].split(".")) if found else ()
