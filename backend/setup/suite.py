"""`app.py test`: every check and test, each part with its time against its budget."""

import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from backend.setup.environment import Environment
from backend.setup.slowness import against_reference, readings_meanwhile
from backend.setup.terminal import say

WHOLE_BUDGET = 14 * 60.0
"""In seconds, as all budgets, on the machine that `slowness` compares with."""
BUDGETS = {
    "format": 5.0,
    "lint": 5.0,
    "boundaries": 5.0,
    "tests/architecture": 10.0,
    "tests/contract": 95.0,
    "tests/faults": 45.0,
    "tests/integration": 115.0,
    "tests/ui": 325.0,
    "tests/unit": 190.0,
    "collecting tests": 45.0,
}
"""Of the parts that come one after the other."""
BESIDE = {"types": 180.0}
"""Of what is checked while the tests run, which wait for processes half of their time."""
COLLECTING = "collecting tests"
WORKERS = 2
"""Processes that run the whole suite side by side: tests wait for processes half of their time."""
SIDE_BY_SIDE = ("-n", str(WORKERS), "--dist=loadfile", "--no-loadscope-reorder")
"""A file's tests share what is made once for it; long files come early in the usual order."""
UNUSUAL = "not gpu and not slow"
SELECTING = ("-k", "-m", "--lf", "--last-failed", "--ff", "--co", "--collect-only")


@dataclass(frozen=True)
class Part:
    """One part of the suite, and how it went."""

    name: str
    seconds: float
    passed: bool = True


@dataclass(frozen=True)
class Counts:
    """How the tests went."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


class Suite:
    """One run of everything, or of the tests selected on the command line."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._parts: list[Part] = []
        self._counts = Counts()

    def run(self, arguments: Sequence[str]) -> int:
        """Run the parts, print the account and return 0 when all passed in time."""
        started = time.monotonic()
        with readings_meanwhile() as readings:
            if selects(arguments, self._environment.root):
                self._test(arguments, 1)
            else:
                self._whole(arguments)
        return self._account(time.monotonic() - started, against_reference(readings))

    def _whole(self, arguments: Sequence[str]) -> None:
        self._check("format", "-m", "ruff", "format", "--check", ".")
        self._check("lint", "-m", "ruff", "check", ".")
        self._check(
            "boundaries", "-c", "from importlinter.cli import lint_imports_command as c; c()"
        )
        with self._beside("types", "-m", "pyright"):
            self._test(arguments, WORKERS)

    def _check(self, name: str, *arguments: str) -> None:
        say(f"── {name}")
        started = time.monotonic()
        code = self._python(*arguments)
        self._parts.append(Part(name, time.monotonic() - started, code == 0))

    @contextmanager
    def _beside(self, name: str, *arguments: str) -> Generator[None]:
        """Run a check while something else runs, and tell of it afterwards."""

        def check() -> tuple[Part, str]:
            started = time.monotonic()
            done = self._run(*arguments, capture_output=True)
            return Part(name, time.monotonic() - started, done.returncode == 0), done.stdout

        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(check)
            yield
            part, said = running.result()
        say(f"── {name}")
        say(said.rstrip())
        self._parts.append(part)

    def _test(self, arguments: Sequence[str], workers: int) -> None:
        say("── tests")
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            marks = () if "-m" in arguments else ("-m", UNUSUAL)
            spread = SIDE_BY_SIDE if workers > 1 else ()
            started = time.monotonic()
            code = self._python(
                "-m", "pytest", f"--junit-xml={report}", *spread, *marks, *arguments
            )
            seconds = time.monotonic() - started
            found, self._counts = read_report(report)
        parts = [replace(part, seconds=part.seconds / workers) for part in found]
        within = sum(part.seconds for part in parts)
        explained = code == 0 or self._counts.failed > 0
        self._parts += [*parts, Part(COLLECTING, max(0.0, seconds - within), explained)]

    def _python(self, *arguments: str) -> int:
        return self._run(*arguments, capture_output=False).returncode

    def _run(self, *arguments: str, capture_output: bool) -> subprocess.CompletedProcess[str]:
        quiet = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
        return subprocess.run(
            [self._environment.python, *arguments],
            cwd=self._environment.root,
            env=os.environ | quiet,
            capture_output=capture_output,
            text=True,
            check=False,
        )

    def _account(self, seconds: float, slower: float) -> int:
        say()
        budgets = {name: slower * budget for name, budget in (BUDGETS | BESIDE).items()}
        for part in self._parts:
            budget = budgets.get(part.name)
            over = " ← over its budget" if budget is not None and part.seconds > budget else ""
            allowed = f"{budget:5.0f} s" if budget is not None else "      –"
            failed = "" if part.passed else " ← failed"
            say(f"  {part.name:<20} {part.seconds:6.1f} s of {allowed}{over}{failed}")
        say(f"  {'whole':<20} {seconds:6.1f} s of {slower * WHOLE_BUDGET:5.0f} s")
        if slower > 1:
            say(f"Budgets are those of a machine {slower:.2f} times as fast as this one was.")
        in_time = seconds <= slower * WHOLE_BUDGET
        if not in_time:
            say("The whole takes longer than it may: make the slowest part faster.")
        failed = [part.name for part in self._parts if not part.passed]
        if failed:
            say(f"Failed: {', '.join(failed)}.")
        counts = self._counts
        say(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
        return 1 if failed or not in_time else 0


def selects(arguments: Sequence[str], root: Path) -> bool:
    """Whether the command line picks some tests, so that the checks before them are left out."""
    return any(
        word.startswith(SELECTING) or (root / word.partition("::")[0]).exists()
        for word in arguments
        if word
    )


def read_report(report: Path) -> tuple[Sequence[Part], Counts]:
    """The seconds that each folder of tests took, and how many passed, failed and were skipped."""
    if not report.exists():
        return [], Counts()
    seconds: dict[str, float] = {}
    failed: dict[str, int] = {}
    skipped = 0
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314  written by our own pytest
    for case in cases:
        folder = "/".join(case.get("classname", "").split(".")[:2])
        seconds[folder] = seconds.get(folder, 0.0) + float(case.get("time", "0"))
        broken = case.find("failure") is not None or case.find("error") is not None
        failed[folder] = failed.get(folder, 0) + broken
        skipped += case.find("skipped") is not None
    broken_cases = sum(failed.values())
    parts = [Part(name, seconds[name], not failed[name]) for name in sorted(seconds)]
    return parts, Counts(len(cases) - broken_cases - skipped, broken_cases, skipped)
