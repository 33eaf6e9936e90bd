"""Picks the PyTorch build that fits a machine, and says why."""

import re
from dataclasses import dataclass, replace

from backend.setup.errors import UsageError
from backend.setup.probe import NvidiaCard, Probe
from backend.setup.supported import refuse_impossible

WHEELS = "https://download.pytorch.org/whl"
"""PyTorch's own package index. What it holds for a release stands on pytorch.org's start page."""

STANDARD = "standard"
"""The build on the general package index: CUDA 13.0 on Linux, Apple's or processor elsewhere."""
CPU = "cpu"
CUDA_NEW = "cu130"
"""CUDA 13.0: cards from Turing (capability 7.5) on, with a driver from 580 on."""
CUDA_OLD = "cu126"
"""CUDA 12.6: cards from Maxwell (5.0) to Hopper (9.0), with a driver from 525 on."""
ROCM = "rocm7.2"
ROCM_TARGETS = frozenset(
    {"gfx908", "gfx90a", "gfx942", "gfx950", "gfx1030", "gfx1100", "gfx1101", "gfx1102"}
    | {"gfx1150", "gfx1151", "gfx1200", "gfx1201"}
)
CHOICES = ("auto", CPU, CUDA_OLD, CUDA_NEW, "cu132", ROCM, STANDARD)

NEW_DRIVER = 580
OLD_DRIVER = 525
FIRST_IN_OLD = (5, 0)
FIRST_IN_NEW = (7, 5)
FIRST_ONLY_IN_NEW = (10, 0)


@dataclass(frozen=True)
class TorchPins:
    """The versions of PyTorch and torchvision that belong together."""

    torch: str
    torchvision: str


@dataclass(frozen=True)
class TorchBuild:
    """A build of PyTorch, why it is taken, and what pip is told to install."""

    tag: str
    reason: str
    arguments: tuple[str, ...]
    index: str = ""
    """PyTorch's index of this build; empty where it comes from the general one."""
    asked_for: bool = False
    """Whether a person named it, so that no other will do."""


def choose_build(probe: Probe, pins: TorchPins, asked: str = "auto") -> TorchBuild:
    """The build for a machine, or the one asked for by name.

    Raises:
        SetupError: When PyTorch has no build for this machine at all.
        UsageError: When there is no build of the name asked for.
    """
    refuse_impossible(probe)
    tag, reason = _fitting(probe) if asked == "auto" else _named(asked)
    if probe.system == "Darwin" or (probe.system == "Windows" and tag == CPU):
        tag = STANDARD  # the general index holds just that build
    if probe.system == "Linux" and tag == CUDA_NEW:
        tag = STANDARD
    return replace(_build(tag, reason, pins), asked_for=asked != "auto")


def standard_instead(build: TorchBuild, pins: TorchPins) -> TorchBuild:
    """The build to take where PyTorch's own index cannot be reached."""
    if build.tag == CPU:
        lack = f"the smaller build for that cannot be had, as {build.index} does not answer"
    else:
        lack = (
            f"its build cannot be had, as {build.index} does not answer; this one may draw on the "
            "processor only, until `python3 app.py doctor` can fetch the other"
        )
    return _build(STANDARD, f"{build.reason}; {lack}", pins)


def _build(tag: str, reason: str, pins: TorchPins) -> TorchBuild:
    versions = (f"torch=={pins.torch}", f"torchvision=={pins.torchvision}")
    if tag == STANDARD:
        return TorchBuild(tag, reason, versions)
    index = f"{WHEELS}/{tag}"
    marked = tuple(f"{version}+{tag}" for version in versions)
    return TorchBuild(tag, reason, (*marked, "--extra-index-url", index), index)


def _named(asked: str) -> tuple[str, str]:
    names = {"cuda": CUDA_NEW, "rocm": ROCM, "mps": STANDARD}
    tag = names.get(asked, asked)
    if tag not in CHOICES and not re.fullmatch(r"cu\d{3}|rocm\d+(\.\d+)+", tag):
        raise UsageError(
            f"There is no PyTorch build called {asked!r}.",
            f"--torch takes {', '.join(CHOICES[:-1])} or {CHOICES[-1]}.",
        )
    return tag, f"you asked for {asked}"


def _fitting(probe: Probe) -> tuple[str, str]:
    if probe.system == "Darwin":
        return STANDARD, f"{probe.processor or 'Apple Silicon'} draws with PyTorch's build for Macs"
    if probe.nvidia_cards:
        return _for_nvidia(probe)
    if probe.nvidia_trouble:
        return CUDA_NEW, (
            "there is an NVIDIA driver, but it does not work "
            f"({probe.nvidia_trouble.rstrip('.')}); this build draws on the processor until it "
            "does: restart, or reinstall the driver from https://www.nvidia.com/drivers"
        )
    if probe.amd_targets:
        return _for_amd(probe)
    return CPU, _why_processor(probe)


def _for_nvidia(probe: Probe) -> tuple[str, str]:
    card = max(probe.nvidia_cards, key=lambda each: (each.capability or (0, 0), each.memory_mib))
    major = probe.nvidia_driver.partition(".")[0]
    driver = int(major) if major.isdecimal() else 0
    named = f"{card.name} with driver {probe.nvidia_driver}"
    tag = _cuda_for(card, driver)
    if tag == CPU:
        return CPU, f"{card.name} is older than any card that PyTorch computes on"
    needed = NEW_DRIVER if tag == CUDA_NEW else OLD_DRIVER
    if driver < needed:
        return tag, (
            f"{named} needs a driver from {needed} on; until it has one "
            "(https://www.nvidia.com/drivers), Easel draws on the processor"
        )
    if tag == CUDA_OLD and (card.capability or FIRST_IN_NEW) >= FIRST_IN_NEW:
        return tag, f"{named} takes CUDA 12.6; with a driver from {NEW_DRIVER} on, CUDA 13 fits too"
    return tag, f"{named} takes CUDA {'13.0' if tag == CUDA_NEW else '12.6'}"


def _cuda_for(card: NvidiaCard, driver: int) -> str:
    if card.capability is None:  # the driver is too old to say
        return CUDA_OLD
    if card.capability < FIRST_IN_OLD:
        return CPU
    if card.capability < FIRST_IN_NEW:
        return CUDA_OLD
    if card.capability >= FIRST_ONLY_IN_NEW or driver >= NEW_DRIVER:
        return CUDA_NEW
    return CUDA_OLD


def _for_amd(probe: Probe) -> tuple[str, str]:
    for target in probe.amd_targets:
        if target in ROCM_TARGETS:
            return ROCM, f"the AMD card ({target}) takes ROCm 7.2"
    return CPU, (
        f"PyTorch's ROCm build does not know the AMD card ({', '.join(probe.amd_targets)}); "
        "`--torch rocm` tries it all the same"
    )


def _why_processor(probe: Probe) -> str:
    if probe.nvidia_without_driver:
        return (
            "there is an NVIDIA card without NVIDIA's driver; install it "
            "(https://www.nvidia.com/drivers), then `python3 app.py doctor` changes the build"
        )
    if probe.amd_without_driver and probe.system == "Windows":
        return "PyTorch has no build for AMD cards on Windows, so Easel draws on the processor"
    if probe.amd_without_driver:
        return (
            "there is an AMD card without AMD's compute driver (/dev/kfd); install ROCm, "
            "then `python3 app.py doctor` changes the build"
        )
    return "there is no graphics card that PyTorch computes on, so Easel draws on the processor"
