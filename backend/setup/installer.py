"""Makes and mends the environment: the venv, PyTorch's build, everything else, one OpenCV."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from backend.setup.builds import TorchBuild
from backend.setup.contents import OPENCV, RUNTIME, Contents, read_contents, serves
from backend.setup.environment import Environment
from backend.setup.errors import SetupError
from backend.setup.lock import not_writable
from backend.setup.pip import Pip

TORCH = frozenset({"torch", "torchvision"})
FIRST_PIP_WITH_PROGRESS = (24, 1)


class Installer:
    """Brings one environment to what its pins say, from whatever state it is in."""

    def __init__(
        self, environment: Environment, build: TorchBuild, lock: int, *, tests: bool
    ) -> None:
        self._environment = environment
        self._build = build
        self._tests = tests
        self._pip = Pip(environment.python, environment.workshop, environment.log, lock)

    def make(self) -> None:
        """Make an empty environment in place of whatever is there.

        Raises:
            SetupError: When Python cannot make one here.
        """
        environment = self._environment
        if importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info[0]}.{sys.version_info[1]}"
            raise SetupError(
                "This Python comes without the part that makes environments (ensurepip).",
                f"On Debian and Ubuntu: sudo apt install python{version}-venv; then start again.",
            )
        _refuse_strangers(environment)
        done = subprocess.run(
            [_maker(), "-m", "venv", "--clear", environment.folder],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            reason = " ".join((done.stderr or done.stdout).split())[-300:]
            raise SetupError(
                f"Python could not make an environment in {environment.folder}: {reason}",
                "Check the disk and your right to write there, and start again.",
            )

    def install(self, contents: Contents, *, expected_bytes: int, keep_downloads: bool) -> None:
        """Install what is missing, wrong or half there.

        Raises:
            SetupError: When that fails, with the reason in plain words.
        """
        environment = self._environment
        shutil.rmtree(environment.workshop, ignore_errors=True)
        _clear_wreckage(contents)
        options = ["--progress-bar", "raw" if self._pip_tells_progress(contents) else "off"]
        if not keep_downloads:
            options.append("--no-cache-dir")
        self._change_build(contents, options, expected_bytes)
        if len(contents.opencvs) > 1:
            self._remove(contents.opencvs)
        self._pip.run(
            [
                "install",
                *options,
                *self._build.arguments,
                *environment.pins.arguments(self._build.tag, tests=self._tests),
            ],
            expected_bytes=expected_bytes,
        )
        self._keep_one_opencv()
        shutil.rmtree(environment.workshop, ignore_errors=True)

    def reinstall(self, names: Sequence[str]) -> None:
        """Lay down the pinned version of packages again, whatever their files look like now.

        Raises:
            SetupError: When that fails, with the reason in plain words.
        """
        versions = self._environment.pins.versions()
        pinned = [f"{name}=={versions[name]}" for name in names if name not in TORCH]
        if not TORCH.isdisjoint(names):
            pinned += self._build.arguments
        self._pip.run(["install", "--no-deps", "--force-reinstall", *pinned])
        shutil.rmtree(self._environment.workshop, ignore_errors=True)

    def _pip_tells_progress(self, contents: Contents) -> bool:
        """Whether pip can tell how far it is, after the pinned one took an older one's place."""
        version = contents.packages["pip"].version.split(".")
        if tuple(int(part) for part in version[:2] if part.isdigit()) >= FIRST_PIP_WITH_PROGRESS:
            return True
        pinned = self._environment.pins.versions().get("pip")
        if pinned is not None:
            self._pip.run(["install", f"pip=={pinned}"])
        return pinned is not None

    def _change_build(
        self, contents: Contents, options: Sequence[str], expected_bytes: int
    ) -> None:
        """Swap one build of PyTorch for another.

        The new one is fetched before the old one goes, so that no network means no loss. What the
        old one brought along must go before the new one's lies there: some share their files.
        """
        if not contents.torch_tag or serves(contents.torch_tag, self._build):
            return
        swap = ["install", *options, "--no-deps", "--force-reinstall", *self._build.arguments]
        self._pip.run(swap, expected_bytes=expected_bytes)
        after = read_contents(self._environment.python)
        if after is not None:
            runtime = {name for name in after.packages if RUNTIME.match(name)}
            self._remove(runtime - after.needed_by(["torch"]))

    def _keep_one_opencv(self) -> None:
        """Lay down ours again where a package brought another one, which overwrote its files."""
        contents = read_contents(self._environment.python)
        if contents is not None and len(contents.opencvs) > 1:
            self._remove(contents.opencvs)
            self.reinstall([OPENCV])

    def _remove(self, names: Collection[str]) -> None:
        if names:
            self._pip.run(["uninstall", "--yes", *sorted(names)])


def _maker() -> str:
    """The Python to make the environment with: not its own, which goes with it."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def _refuse_strangers(environment: Environment) -> None:
    """Refuse to clear a folder that is not an environment, or that may not be written to."""
    folder = environment.folder
    if folder.exists() and not folder.is_dir():
        raise _stranger(folder)
    try:
        folder.mkdir(exist_ok=True)
        names = {entry.name for entry in folder.iterdir()}
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise not_writable(folder, error) from error
    if names and "pyvenv.cfg" not in names and not names <= {"bin", "lib", "lib64", "include"}:
        raise _stranger(folder)


def _stranger(place: Path) -> SetupError:
    return SetupError(f"{place} is not a Python environment.", "Move it away and start again.")


def _clear_wreckage(contents: Contents) -> None:
    """Forget packages that were interrupted half way, so that pip lays them down again."""
    for package in contents.packages.values():
        if not package.complete:
            shutil.rmtree(contents.site / package.folder, ignore_errors=True)
    for name in contents.leftovers:
        leftover = contents.site / name
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
