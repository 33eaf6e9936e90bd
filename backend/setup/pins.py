"""Reads which packages Easel needs and which version of each is pinned."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.setup.builds import STANDARD, TorchPins

PINNED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*==\s*(?P<version>[^\s;]+)")
NAMED = re.compile(r"[A-Za-z0-9][\w.-]*")


def canonical(name: str) -> str:
    """A package's name as indexes compare it: "Controlnet_Aux" → "controlnet-aux"."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Pins:
    """The requirement files of one Easel."""

    folder: Path

    @property
    def easel(self) -> Path:
        """What Easel imports."""
        return self.folder / "easel.txt"

    @property
    def tests(self) -> Path:
        """What the tests and tools need besides."""
        return self.folder / "tests.txt"

    @property
    def constraints(self) -> Path:
        """The version of every package, but for those that come with a build of PyTorch."""
        return self.folder / "constraints.txt"

    @property
    def standard_constraints(self) -> Path:
        """The versions of what comes with PyTorch's standard build."""
        return self.folder / "constraints-standard.txt"

    def direct(self, *, tests: bool) -> Sequence[str]:
        """The names of the packages asked for."""
        files = (self.easel, self.tests) if tests else (self.easel,)
        found = [NAMED.match(line) for file in files for line in _lines(file)]
        return [canonical(match[0]) for match in found if match]

    def versions(self) -> Mapping[str, str]:
        """The pinned version of each package."""
        return {
            canonical(match["name"]): match["version"]
            for file in (self.constraints, self.standard_constraints)
            for match in map(PINNED.match, _lines(file))
            if match
        }

    def torch(self) -> TorchPins:
        """The pinned versions of PyTorch and torchvision."""
        versions = self.versions()
        return TorchPins(versions["torch"], versions["torchvision"])

    def arguments(self, tag: str, *, tests: bool) -> Sequence[str]:
        """What pip is told besides the build of PyTorch."""
        told = ["-r", str(self.easel), "-c", str(self.constraints)]
        if tests:
            told += ["-r", str(self.tests)]
        if tag == STANDARD:
            told += ["-c", str(self.standard_constraints)]
        return told

    def digest(self) -> str:
        """Changes with every change of the files."""
        files = (self.easel, self.tests, self.constraints, self.standard_constraints)
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _lines(file: Path) -> Sequence[str]:
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return [line for line in lines if line]
