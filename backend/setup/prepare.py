"""Brings Easel's environment to completion: nothing to do, adopt, mend or make."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.setup.builds import TorchBuild, choose_build, standard_instead
from backend.setup.contents import Contents, disagreements, faults, read_contents
from backend.setup.environment import Environment, Wanted
from backend.setup.errors import SetupError
from backend.setup.installer import Installer
from backend.setup.lock import setup_lock
from backend.setup.machine import ThisMachine
from backend.setup.network import reaches
from backend.setup.probe import Probe, probe_machine
from backend.setup.space import Size, cache_fits, free_bytes, size_of
from backend.setup.stamp import Stamp, changed_at, read_stamp, write_stamp
from backend.setup.supported import OLDEST_PYTHON
from backend.setup.terminal import say, size_in_words

NEVER = 0
SHOWN_FAULTS = 3


def prepare(environment: Environment, wanted: Wanted) -> None:
    """Make the environment what a command needs; returns at once where it is.

    Raises:
        SetupError: When that cannot be done, with what to do about it.
    """
    if environment.ready(wanted):
        return
    with setup_lock(environment.lock) as lock:
        if not environment.ready(wanted):
            probe = probe_machine(ThisMachine())
            Preparation(environment, wanted, probe, Outside(lock)).run()


def read_usable(environment: Environment) -> Contents | None:
    """What the environment holds; None where it must be made anew."""
    contents = read_contents(environment.python)
    if contents is None or contents.python[:2] < OLDEST_PYTHON:
        return None
    pip = contents.packages.get("pip")
    return contents if pip is not None and pip.complete else None


@dataclass(frozen=True)
class Outside:
    """What a preparation needs from outside the environment."""

    lock: int
    """The open lock file, which pip inherits."""
    reaches: Callable[[str], bool] = reaches
    """Whether a package index answers."""
    free: Callable[[Path], int] = free_bytes
    """The free bytes on the disk of a folder."""


class Preparation:
    """One look at the environment, and what follows from it.

    Raises:
        SetupError: When PyTorch has no build for this machine.
        UsageError: When there is no build of the name asked for.
    """

    def __init__(
        self, environment: Environment, wanted: Wanted, probe: Probe, outside: Outside
    ) -> None:
        before = read_stamp(environment.stamp)
        self._environment = environment
        self._outside = outside
        self._probe = probe
        self._asked = wanted.torch or (before.asked if before else "auto")
        self._tests = wanted.tests or (before is not None and before.tests)
        self._build = choose_build(probe, environment.pins.torch(), self._asked)

    @property
    def build(self) -> TorchBuild:
        """The build of PyTorch that is to be there."""
        return self._build

    @property
    def size(self) -> Size:
        """What the whole environment takes."""
        return size_of(self._build.tag, self._probe.system, tests=self._tests)

    @property
    def installed_tag(self) -> str:
        """The build of PyTorch that is there; empty where there is none."""
        contents = read_usable(self._environment)
        return contents.torch_tag if contents is not None else ""

    def faults(self) -> Sequence[str]:
        """What is wrong with the environment, in words; empty when all is well."""
        return self._faults(read_usable(self._environment))

    def run(self) -> bool:
        """Make or mend the environment; whether there was anything to do.

        Raises:
            SetupError: When that cannot be done, with what to do about it.
        """
        contents = read_usable(self._environment)
        wrong = self._faults(contents)
        if wrong and self._build.index and not self._outside.reaches(f"{self._build.index}/torch/"):
            self._build = standard_instead(self._build, self._environment.pins.torch())
            wrong = self._faults(contents)
        if wrong or contents is None:
            contents = self._mend(contents, wrong)
        write_stamp(self._environment.stamp, self._stamp(contents))
        return bool(wrong)

    def reinstall(self, names: Sequence[str]) -> None:
        """Lay down packages again, whatever their files look like now.

        Raises:
            SetupError: When that cannot be done.
        """
        pins = self._environment.pins
        installed = choose_build(self._probe, pins.torch(), self.installed_tag or "auto")
        self._installer(installed).reinstall(names)
        self.run()

    def _faults(self, contents: Contents | None) -> Sequence[str]:
        if contents is None:
            return ["there is none yet"]
        pins = self._environment.pins
        found = faults(contents, pins, self._build, tests=self._tests)
        return found or disagreements(
            self._environment.python, contents.needed_by(pins.direct(tests=self._tests))
        )

    def _mend(self, contents: Contents | None, wrong: Sequence[str]) -> Contents:
        started = time.monotonic()
        environment = self._environment
        torch_comes = contents is None or not contents.torch_tag or "PyTorch is" in " ".join(wrong)
        self._announce(wrong, torch_comes=torch_comes)
        keep = not torch_comes or cache_fits(environment.folder, self.size, self._outside.free)
        installer = self._installer(self._build)
        if contents is None:
            installer.make()
            contents = read_usable(environment)
        if contents is not None:
            write_stamp(environment.stamp, self._unfinished())
            expected = self.size.download if torch_comes else 0
            installer.install(contents, expected_bytes=expected, keep_downloads=keep)
            contents = read_usable(environment)
        still = self._faults(contents)
        if contents is None or still:
            raise SetupError(
                f"The environment is still not right: {_listed(still)}.",
                f"Delete {environment.folder} and start again. (Log: {environment.log})",
            )
        say(f"Ready after {_time_in_words(time.monotonic() - started)}.")
        return contents

    def _installer(self, build: TorchBuild) -> Installer:
        return Installer(self._environment, build, self._outside.lock, tests=self._tests)

    def _announce(self, wrong: Sequence[str], *, torch_comes: bool) -> None:
        if not torch_comes:
            say(f"Mending Easel's environment: {_listed(wrong)}.")
            return
        say("Setting Easel up. This happens once and takes a few minutes.")
        say(f"  PyTorch: the {self._build.tag} build, because {self._build.reason}.")
        say(
            f"  About {size_in_words(self.size.download)} will be downloaded; unpacked, that takes "
            f"about {size_in_words(self.size.disk)} of disk in {self._environment.folder}."
        )
        say("  Ctrl+C stops it; the next start goes on from there.")

    def _stamp(self, contents: Contents) -> Stamp:
        return Stamp(
            pins=self._environment.pins.digest(),
            asked=self._asked,
            tag=contents.torch_tag,
            tests=self._tests,
            python=str(self._environment.python.resolve()),
            site=str(contents.site),
            changed=changed_at(contents.site),
        )

    def _unfinished(self) -> Stamp:
        """A stamp that no environment answers to; it keeps what was asked for."""
        return Stamp("", self._asked, self._build.tag, self._tests, "", "", NEVER)


def _listed(wrong: Sequence[str]) -> str:
    shown = ", ".join(wrong[:SHOWN_FAULTS])
    more = len(wrong) - SHOWN_FAULTS
    return f"{shown} and {more} more" if more > 0 else shown


def _time_in_words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
