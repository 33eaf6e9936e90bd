"""Which Pythons and systems PyTorch has builds for, and what to say to the others."""

from backend.setup.errors import SetupError
from backend.setup.probe import Probe

OLDEST_PYTHON = (3, 11)
FIRST_PYTHON_WITHOUT_WHEELS = (3, 15)
EXCLUDED_PYTHONS = frozenset({(3, 14, 1)})
"""Releases that torchvision refuses."""
OLDEST_MACOS = (14,)
OLDEST_GLIBC = (2, 28)
PYTHONS = "Python 3.11 to 3.14"
DOWNLOADS = "https://www.python.org/downloads/"


def refuse_impossible(probe: Probe) -> None:
    """Say why Easel cannot run here, where it cannot.

    Raises:
        SetupError: For a Python or a system that PyTorch makes no builds for.
    """
    _refuse_python(probe)
    if probe.system == "Darwin":
        _refuse_mac(probe)
    elif probe.system == "Linux":
        _refuse_linux(probe)
    elif probe.system == "Windows" and probe.machine == "arm64":
        raise SetupError(
            "PyTorch has no builds for Python on Windows ARM.",
            f"Install the 64-bit Intel/AMD Python from {DOWNLOADS}; Windows runs it as well.",
        )


def _refuse_python(probe: Probe) -> None:
    version = ".".join(str(number) for number in probe.python)
    if probe.bits != 64:  # noqa: PLR2004  a word's width
        raise SetupError(
            "This is a 32-bit Python, and PyTorch needs a 64-bit one.",
            f"Install {PYTHONS}, 64-bit, from {DOWNLOADS}.",
        )
    if probe.python[:2] < OLDEST_PYTHON:
        raise SetupError(
            f"Easel needs Python 3.11 or newer, and this is Python {version}.",
            f"Install {PYTHONS} from {DOWNLOADS} and start app.py with it.",
        )
    if probe.python[:2] >= FIRST_PYTHON_WITHOUT_WHEELS:
        raise SetupError(
            f"PyTorch has no builds for Python {version} yet.",
            f"Install {PYTHONS} from {DOWNLOADS} beside it and start app.py with that.",
        )
    if probe.python[:3] in EXCLUDED_PYTHONS:
        raise SetupError(
            f"Python {version} has a fault for which torchvision refuses to be installed.",
            f"Install the next release of Python 3.14, or 3.13, from {DOWNLOADS}.",
        )


def _refuse_mac(probe: Probe) -> None:
    if probe.translated:
        raise SetupError(
            "This Python is made for Intel Macs, and this Mac has Apple Silicon.",
            f"Install the universal Python from {DOWNLOADS} and start app.py with it.",
        )
    if probe.machine != "arm64":
        raise SetupError(
            "PyTorch makes no builds for Intel Macs any more, so Easel cannot run on this one.",
            "It runs on Macs with Apple Silicon, on Windows and on Linux.",
        )
    if probe.release and _numbers(probe.release) < OLDEST_MACOS:
        raise SetupError(
            f"PyTorch needs macOS 14 or newer, and this is macOS {probe.release}.",
            "Update macOS in System Settings → General → Software Update.",
        )


def _refuse_linux(probe: Probe) -> None:
    name, _, version = probe.libc.partition(" ")
    if name == "musl":
        raise SetupError(
            "PyTorch has no builds for Linux with musl, such as Alpine.",
            "Use a distribution with glibc, such as Debian, Ubuntu or Fedora.",
        )
    if name == "glibc" and _numbers(version) < OLDEST_GLIBC:
        raise SetupError(
            f"PyTorch needs glibc 2.28 or newer, and this Linux has {version}.",
            "Use a newer distribution, such as Debian 10, Ubuntu 20.04 or newer.",
        )
    if probe.machine not in {"x86_64", "aarch64"}:
        raise SetupError(
            f"PyTorch has no builds for Linux on {probe.machine}.",
            "Easel runs on x86_64 and aarch64.",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
