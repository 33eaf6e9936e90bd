"""How far a download is, in a terminal."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TextIO, cast

from backend.api.model_view import printable
from backend.jobs.speed import Speedometer
from backend.schema.events import Event, Finished, Stage, Warned

_MINUTE = 60


class Told:
    """Tells a download's progress in one line that is written over, where somebody looks."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._watched = terminal.isatty()
        self._speedometer = Speedometer()
        self._line = ""
        self.warnings: list[str] = []

    def through(self, events: Iterator[Event]) -> str:
        """Follow a download to its end; gives what came of it."""
        outcome = ""
        try:
            with closing(cast("Generator[Event]", events)) as followed:
                for event in followed:
                    if isinstance(event, Stage) and self._watched:
                        self._write(self._progress(event))
                    elif isinstance(event, Warned):
                        self._write("")
                        self.warnings.append(event.sentence)
                        self._terminal.write(f"{printable(event.sentence)}\n")
                    elif isinstance(event, Finished):
                        outcome = event.sentence
        finally:
            self._write("")
        return outcome

    def _write(self, line: str) -> None:
        """Put a line in the place of the one before."""
        if line != self._line:
            self._terminal.write(f"\r{line.ljust(len(self._line))}" + ("" if line else "\r"))
            self._terminal.flush()
            self._line = line

    def _progress(self, stage: Stage) -> str:
        done, total = stage.done_bytes, stage.total_bytes
        if done is None:
            return printable(stage.sentence)
        speed = self._speedometer.speed(time.monotonic(), done)
        words = f"{printable(stage.sentence)}: {done / 1e9:.2f}"
        words += f" of {total / 1e9:.2f} GB" if total else " GB"
        if speed:
            words += f", {speed / 1e6:.1f} MB/s"
            words += f", {_in_words((total - done) / speed)} left" if total else ""
        return words


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"
