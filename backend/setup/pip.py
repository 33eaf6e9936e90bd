"""Runs an environment's pip and tells in plain words how far it is."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from backend.setup import pip_words
from backend.setup.terminal import ProgressLine, size_in_words

LARGE = 5 * 10**6
HEARTBEAT_SECONDS = 1.0
REMEMBERED_LINES = 400
QUIETLY = ("--disable-pip-version-check", "--no-input")
UNWANTED = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


class Pip:
    """The pip of one environment."""

    def __init__(self, python: Path, workshop: Path, log: Path, lock: int) -> None:
        self._python = python
        self._lock = lock
        self._workshop = workshop
        self._log = log

    def run(self, arguments: Sequence[str], *, expected_bytes: int = 0) -> None:
        """Run a pip command to its end.

        Raises:
            SetupError: When pip gives up, with the reason in plain words.
        """
        self._workshop.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as log, self._start(arguments) as process:
            log.write(f"\n$ pip {' '.join(arguments)}\n")
            story = Story(ProgressLine(sys.stdout), expected_bytes)
            said = _follow(process, log, story)
        if process.returncode != 0:
            raise pip_words.explain(said, str(self._log))

    def _start(self, arguments: Sequence[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self._python, "-m", "pip", *QUIETLY, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._surroundings(),
            pass_fds=() if os.name == "nt" else (self._lock,),
        )

    def _surroundings(self) -> Mapping[str, str]:
        """The environment variables: downloads lie beside what they become, on the same disk."""
        kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        folder = str(self._workshop)
        return kept | {
            "PIP_USER": "0",
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            "TMPDIR": folder,
            "TEMP": folder,
            "TMP": folder,
        }


class Story:
    """What a person is told while pip works."""

    def __init__(self, line: ProgressLine, expected_bytes: int) -> None:
        self._line = line
        self._expected = expected_bytes
        self._finished = 0
        self._package = ""
        self._unpacking_since = 0.0

    def hear(self, text: str) -> None:
        """Take in one line of pip's."""
        progress = pip_words.progress_in(text)
        if progress:
            self._show_download(*progress)
        elif package := pip_words.package_in(text):
            self._package = package
            if pip_words.size_in(text) >= LARGE:
                self._line.say(f"fetching {package} ({size_in_words(pip_words.size_in(text))})")
        elif text.startswith("WARNING: Retrying"):
            self._line.show("the package index does not answer; trying again")
        elif text.startswith("Installing collected packages:"):
            count = text.count(",") + 1
            self._unpacking_since = time.monotonic()
            self._line.say(f"unpacking {count} {'package' if count == 1 else 'packages'}")

    def wait(self) -> None:
        """Show that work goes on while pip is silent."""
        if self._unpacking_since:
            seconds = time.monotonic() - self._unpacking_since
            self._line.show(f"still unpacking, {seconds:.0f} s so far")

    def _show_download(self, done: int, whole: int) -> None:
        so_far = self._finished + done
        if whole < LARGE:
            self._finished += done if done >= whole else 0
            return
        if done >= whole:
            self._finished = so_far
        of_all = f" of about {size_in_words(self._expected)}" if self._expected > so_far else ""
        self._line.show(
            f"{self._package}: {100 * done // max(1, whole)} %, "
            f"{size_in_words(so_far)}{of_all} fetched"
        )


def _follow(process: "subprocess.Popen[str]", log: TextIO, story: Story) -> str:
    """Read what pip says until it ends; return the last of it."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines))
    reader.start()
    try:
        return _retell(lines, log, story)
    finally:
        if reader.is_alive():
            process.kill()  # this was interrupted
        reader.join()


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line)
    process.wait()
    lines.put(None)


def _retell(lines: "queue.SimpleQueue[str | None]", log: TextIO, story: Story) -> str:
    last: deque[str] = deque(maxlen=REMEMBERED_LINES)
    while True:
        try:
            line = lines.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            story.wait()
            continue
        if line is None:
            return "".join(last)
        story.hear(line)
        if not pip_words.progress_in(line):
            last.append(line)
            log.write(line)
            log.flush()
