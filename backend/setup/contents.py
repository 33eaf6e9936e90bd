"""What is installed in an environment, and what is wrong with it."""

import json
import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.setup.builds import CPU, CUDA_NEW, STANDARD, TorchBuild
from backend.setup.pins import Pins, canonical

OPENCV = "opencv-python-headless"
OPENCVS = frozenset(
    {"opencv-python", OPENCV, "opencv-contrib-python", "opencv-contrib-python-headless"}
)
RUNTIME = re.compile(r"nvidia-(?!ml-py)|cuda-|triton|pytorch-triton|rocm")
"""Packages that come with a build of PyTorch."""
INSPECTION = Path(__file__).with_name("inspection.py")
CHECK_SECONDS = 60


@dataclass(frozen=True)
class Package:
    """One installed package."""

    name: str
    version: str
    complete: bool
    requires: tuple[str, ...]
    """The names of what it needs, extras aside."""
    folder: str
    """Where its metadata lies."""


@dataclass(frozen=True)
class Contents:
    """What is installed in an environment."""

    python: tuple[int, ...]
    site: Path
    packages: Mapping[str, Package]
    leftovers: tuple[str, ...] = ()
    """What an interrupted removal left behind."""

    @property
    def torch_tag(self) -> str:
        """The installed build of PyTorch; empty where there is none."""
        torch = self.packages.get("torch")
        if torch is None or not torch.complete:
            return ""
        return torch.version.partition("+")[2] or STANDARD

    @property
    def opencvs(self) -> frozenset[str]:
        """The installed distributions of OpenCV, which overwrite each other's files."""
        return OPENCVS & self.packages.keys()

    def needed_by(self, roots: Collection[str]) -> set[str]:
        """The installed packages among what these need, themselves included."""
        found: set[str] = set()
        waiting = [name for name in roots if name in self.packages]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [each for each in self.packages[name].requires if each in self.packages]
        return found


def read_contents(python: Path) -> Contents | None:
    """What an environment holds; None where its Python does not run."""
    try:
        done = subprocess.run(
            [python, "-I", INSPECTION],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=True,
        )
        report = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    packages = [
        Package(
            canonical(each["name"]),
            each["version"],
            each["complete"],
            tuple(canonical(name) for name in _needed(each["requires"])),
            each["folder"],
        )
        for each in report["packages"]
    ]
    return Contents(
        tuple(int(number) for number in report["python"].split(".")),
        Path(report["site"]),
        {package.name: package for package in packages},
        tuple(report["leftovers"]),
    )


def faults(contents: Contents, pins: Pins, build: TorchBuild, *, tests: bool) -> Sequence[str]:
    """What must be installed or mended, in words; empty when all is well."""
    direct = pins.direct(tests=tests)
    found = [f"{name} is missing" for name in direct if name not in contents.packages]
    versions = pins.versions()
    for name in sorted(contents.needed_by(direct)):
        package = contents.packages[name]
        pinned = versions.get(name)
        if not package.complete:
            found.append(f"{name} is half installed")
        elif pinned and package.version.partition("+")[0] != pinned and not RUNTIME.match(name):
            found.append(f"{name} is {package.version} instead of {pinned}")
    if contents.torch_tag and not serves(contents.torch_tag, build):
        found.append(f"PyTorch is the {contents.torch_tag} build instead of {build.tag}")
    if len(contents.opencvs) > 1:
        found.append(f"there are {len(contents.opencvs)} OpenCVs where one must be")
    if contents.leftovers:
        found.append("an interrupted removal left files behind")
    return found


def serves(installed: str, build: TorchBuild) -> bool:
    """Whether the installed build of PyTorch does what the wanted one would."""
    if installed == build.tag or (installed == CUDA_NEW and build.tag == STANDARD):
        return True
    return build.tag == CPU and not build.asked_for


def disagreements(python: Path, names: Collection[str]) -> Sequence[str]:
    """What pip finds missing or mismatched among these packages."""
    done = subprocess.run(
        [python, "-I", "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=CHECK_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return []
    lines = done.stdout.splitlines()
    return [line.rstrip(".") for line in lines if canonical(line.partition(" ")[0]) in names]


def _needed(requirements: Sequence[str]) -> Sequence[str]:
    return [
        re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
        for requirement in requirements
        if not re.search(r"\bextra\s*==", requirement)
    ]
