"""`app.py pins`: moves every pinned package to its newest version that fits the others."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from backend.setup.contents import RUNTIME
from backend.setup.environment import Environment
from backend.setup.errors import SetupError
from backend.setup.pins import canonical
from backend.setup.pip_words import explain
from backend.setup.terminal import say

if TYPE_CHECKING:
    from packaging.requirements import Requirement

HEADER = "# Written by `python3 app.py pins`: {}. Do not edit.\n"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "Linux": (
        {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
        "manylinux_2_28_x86_64",
    ),
    "Windows": (
        {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
        "win_amd64",
    ),
    "Darwin": (
        {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
        "macosx_14_0_arm64",
    ),
}


@dataclass(frozen=True)
class Elsewhere:
    """A package that another Python or system needs besides."""

    requirement: str
    name: str
    python: str
    platform: str


def upgrade(environment: Environment) -> int:
    """Write the pins anew, tell what changed and return the exit code.

    Raises:
        SetupError: When pip finds no set of versions that fit each other.
    """
    pins = environment.pins
    before = pins.versions()
    say("Looking for the newest versions that fit each other; this takes a minute or two.")
    everything = ["-r", str(pins.easel), "-r", str(pins.tests), "pip"]
    resolved = _resolve(environment, [*everything, "--ignore-installed"])
    versions = {name: version for name, version, _ in resolved}
    needs = [need for _, _, listed in resolved for need in listed]
    for need in needed_elsewhere(needs, versions):
        found = _resolve(environment, [*_as_on(need), "--no-deps", need.requirement])
        versions |= {name: version for name, version, _ in found}
    write_pins(versions, pins.constraints, pins.standard_constraints)
    changes = [
        f"  {name:<28} {before.get(name, 'new')} → {versions.get(name, 'gone')}"
        for name in sorted(before.keys() | versions.keys())
        if before.get(name) != versions.get(name)
    ]
    say("\n".join(changes) or "Every pin is the newest already.")
    if before.get("torch") != versions.get("torch"):
        say("PyTorch changed: compare backend/setup/builds.py with the builds it is offered in.")
    if changes:
        say("Now run python3 app.py test, and commit the folder requirements if all is well.")
    return 0


def needed_elsewhere(
    requirements: Sequence[str], versions: Mapping[str, str]
) -> Sequence[Elsewhere]:
    """What other Pythons and systems need that the resolution for this one did not meet."""
    from packaging.requirements import Requirement  # noqa: PLC0415  only the tools bring it

    found: dict[str, Elsewhere] = {}
    for text in requirements:
        requirement = Requirement(text)
        name = canonical(requirement.name)
        if name in versions or name in found or RUNTIME.match(name):
            continue
        for python, system in _where(requirement):
            plain = f"{requirement.name}{requirement.specifier}"
            found[name] = Elsewhere(plain, name, python, SYSTEMS[system][1])
    return list(found.values())


def write_pins(versions: Mapping[str, str], common: Path, standard: Path) -> None:
    """Write the constraint files."""
    lines = {name: f"{name}=={version}\n" for name, version in sorted(versions.items())}
    runtime = [line for name, line in lines.items() if RUNTIME.match(name)]
    others = [line for name, line in lines.items() if not RUNTIME.match(name)]
    common.write_text(HEADER.format("the version of every package") + "".join(others), "utf-8")
    title = "what comes with PyTorch's standard build on Linux"
    standard.write_text(HEADER.format(title) + "".join(runtime), "utf-8")


def _where(requirement: "Requirement") -> Iterator[tuple[str, str]]:
    """The first Python and system on which a requirement counts, extras aside."""
    for python, system in product(PYTHONS, SYSTEMS):
        surroundings = {
            **SYSTEMS[system][0],
            "platform_system": system,
            "python_version": python,
            "python_full_version": f"{python}.5",
            "extra": "",
        }
        if requirement.marker is None or requirement.marker.evaluate(surroundings):
            yield python, system
            return


def _as_on(need: Elsewhere) -> Sequence[str]:
    """Tell pip to look with the eyes of another Python and system."""
    eyes = ["--python-version", need.python, "--platform", need.platform]
    return [*eyes, "--only-binary", ":all:", "--target", "elsewhere"]


def _resolve(
    environment: Environment, arguments: Sequence[str]
) -> Sequence[tuple[str, str, Sequence[str]]]:
    """The name, version and requirements of each package that pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        quietly = ["--disable-pip-version-check", "--no-input", "--quiet"]
        done = subprocess.run(
            [
                *(environment.python, "-m", "pip", "install", "--dry-run", *quietly),
                *("--report", report, *arguments),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise _failure(done.stdout + done.stderr)
        listed = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [
        (
            canonical(each["metadata"]["name"]),
            each["metadata"]["version"],
            each["metadata"].get("requires_dist", []),
        )
        for each in listed
    ]


def _failure(output: str) -> SetupError:
    error = explain(output, "above")
    say(output)
    return error
