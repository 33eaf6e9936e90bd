"""Speaking to the person at the terminal."""

import sys
import time
from typing import TextIO

GIGABYTE = 1e9
REDRAW_SECONDS = 0.2
REPORT_SECONDS = 10.0


def say(text: str = "") -> None:
    """Write one line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write one line where errors belong."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def speak_any_alphabet() -> None:
    """Write what an old Windows console cannot show as "?", instead of stopping there."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def size_in_words(size: float) -> str:
    """A size as people say it: "3.2 GB", "45 MB"."""
    if size >= GIGABYTE:
        return f"{size / GIGABYTE:.1f} GB"
    return f"{max(1, round(size / 1e6))} MB" if size > 0 else "0 MB"


class ProgressLine:
    """What is being done right now: one line redrawn in a terminal, now and then one in a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._redraws = stream.isatty()
        self._shown = 0
        self._last = 0.0

    def show(self, text: str) -> None:
        """Show how far it is, at most as often as an eye or a log can take."""
        now = time.monotonic()
        if now - self._last < (REDRAW_SECONDS if self._redraws else REPORT_SECONDS):
            return
        self._last = now
        if self._redraws:
            self._stream.write(f"\r  {text}".ljust(self._shown))
            self._shown = len(text) + 3
            self._stream.flush()
        else:
            self._stream.write(f"  {text}\n")
            self._stream.flush()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        if self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._shown = 0
        self._stream.write(f"  {text}\n")
        self._stream.flush()
        self._last = time.monotonic()
