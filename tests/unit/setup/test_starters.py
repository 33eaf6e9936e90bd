"""The files for a double click."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(os.name == "nt", reason="shell scripts")


def start(script, folder):
    return subprocess.run(
        ["/bin/sh", str(ROOT / script), "--port", "9000"],
        env={"PATH": str(folder)},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def pretend(folder, name, version):
    python = folder / name
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && [ {version} -lt 311 ] && exit 1\n'
        f'[ "$1" = -c ] || echo "{name} runs $* in $PWD"\n'
    )
    python.chmod(0o755)


@POSIX
@pytest.mark.parametrize("script", ["start.sh", "start.command"])
def test_without_python_it_says_where_to_get_it(script, tmp_path):
    done = start(script, tmp_path)

    if script == "start.command" and "app.py" in done.stdout:
        pytest.skip("this machine has a Python where Macs have theirs")
    assert done.returncode == 1
    assert "https://www.python.org/downloads/" in done.stdout


@POSIX
@pytest.mark.parametrize("script", ["start.sh", "start.command"])
def test_the_first_python_that_is_new_enough_starts_easel_in_its_folder(script, tmp_path):
    pretend(tmp_path, "python3.12", 312)
    pretend(tmp_path, "python3", 39)

    done = start(script, tmp_path)

    assert done.stdout.strip() == f"python3.12 runs app.py --port 9000 in {ROOT}"


@POSIX
def test_a_python_that_is_too_old_is_passed_over(tmp_path):
    pretend(tmp_path, "python3", 39)

    done = start("start.sh", tmp_path)

    assert done.returncode == 1
    assert "3.11 or newer" in done.stdout


@POSIX
@pytest.mark.parametrize("script", ["start.sh", "start.command", ".ci/run"])
def test_they_may_be_executed(script):
    assert (ROOT / script).stat().st_mode & stat.S_IXUSR


def test_the_one_for_windows_has_its_line_ends_and_says_where_to_get_python():
    text = (ROOT / "start.bat").read_bytes()

    assert text.count(b"\r\n") == text.count(b"\n")
    assert b"https://www.python.org/downloads/windows/" in text
