"""What a person sees while pip works."""

import io
import os
import sys

import pytest

from backend.setup.errors import SetupError
from backend.setup.pip import Pip, Story
from backend.setup.terminal import ProgressLine

POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a shell script")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_one_line_that_moves(monkeypatch):
    monkeypatch.setattr("backend.setup.terminal.REDRAW_SECONDS", 0.0)
    screen = Terminal()
    story = Story(ProgressLine(screen), 3 * 10**9)

    story.hear("  Downloading torch-2.14.1-cp311-cp311-linux_x86_64.whl (554.6 MB)")
    story.hear("Progress 277300000 of 554600000")
    story.hear("Progress 554600000 of 554600000")
    story.hear("  Downloading scipy-1.17.1-cp311-cp311-linux_x86_64.whl (40.0 MB)")
    story.hear("Progress 20000000 of 40000000")

    assert "fetching torch (555 MB)" in screen.getvalue()
    assert "torch: 50 %, 277 MB of about 3.0 GB fetched" in screen.getvalue()
    assert "scipy: 50 %, 575 MB of about 3.0 GB fetched" in screen.getvalue()


def test_unpacking_is_told_and_that_it_goes_on(monkeypatch):
    monkeypatch.setattr("backend.setup.terminal.REPORT_SECONDS", 0.0)
    log = io.StringIO()
    story = Story(ProgressLine(log), 0)

    story.wait()
    story.hear("Installing collected packages: numpy, scipy, torch")
    story.wait()

    assert "unpacking 3 packages" in log.getvalue()
    assert "still unpacking, 0 s so far" in log.getvalue()


def test_a_silent_index_is_told(monkeypatch):
    monkeypatch.setattr("backend.setup.terminal.REPORT_SECONDS", 0.0)
    log = io.StringIO()

    Story(ProgressLine(log), 0).hear("WARNING: Retrying (Retry(total=4)) after connection broken")

    assert "does not answer; trying again" in log.getvalue()


def test_small_packages_are_not_told_one_by_one():
    log = io.StringIO()
    story = Story(ProgressLine(log), 0)

    story.hear("  Downloading pytz-2026.6-py2.py3-none-any.whl (506 kB)")
    story.hear("Progress 506000 of 506000")

    assert log.getvalue() == ""


def stand_in(folder, script):
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    with (folder / "lock").open("w") as lock:
        Pip(python, folder / "workshop", folder / "setup.log", lock.fileno()).run(["install", "x"])


@POSIX
def test_downloads_lie_on_the_environments_own_disk_and_all_is_logged(tmp_path):
    stand_in(tmp_path, 'echo "in $TMPDIR with $@"; echo "Progress 1 of 2"')

    log = (tmp_path / "setup.log").read_text()
    assert f"in {tmp_path / 'workshop'} with -m pip" in log
    assert "install x" in log
    assert "Progress" not in log


@POSIX
def test_a_failure_is_told_in_words(tmp_path):
    with pytest.raises(SetupError, match="disk became full"):
        stand_in(tmp_path, 'echo "[Errno 28] No space left on device" >&2; exit 1')


@POSIX
def test_an_interruption_ends_pip(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Story, "hear", interrupt)

    with pytest.raises(KeyboardInterrupt):
        stand_in(tmp_path, f'echo begin; exec {sys.executable} -c "import time; time.sleep(60)"')
