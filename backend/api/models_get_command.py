"""`models get`: a model from a hub, from the command line."""

import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from typing import TextIO, cast

import click

from backend.api.download_verbs import Downloading
from backend.api.model_view import printable
from backend.api.running import DONE, FAILED
from backend.jobs.speed import Speedometer
from backend.schema.base import Frozen
from backend.schema.events import Event, Finished, Stage, Warned
from backend.schema.jobs import OWNER

OpenDownloading = Callable[[], AbstractContextManager[Downloading]]
_MINUTE = 60


class Got(Frozen):
    """What came of it, as JSON."""

    title: str
    page: str
    outcome: str
    warnings: tuple[str, ...] = ()


def get_command(open_downloading: OpenDownloading) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def get(link: str, file_name: str, *, even_pickles: bool, as_json: bool) -> int:
        with open_downloading() as downloading:
            request = downloading.request(OWNER, link, file_name, even_pickles=even_pickles)
            told = _Told(sys.stderr)
            try:
                outcome = told.through(downloading.run(request))
            except KeyboardInterrupt:
                click.echo("\nWhat arrived is kept: the same command goes on with it.", err=True)
                return FAILED
            hint = downloading.hint
        if as_json:
            got = Got(
                title=request.title,
                page=request.page,
                outcome=outcome,
                warnings=tuple(told.warnings),
            )
            click.echo(got.model_dump_json(indent=2))
        else:
            click.echo(printable(f"{outcome} {hint}".strip()))
        return DONE

    return click.Command(
        "get",
        params=[
            click.Argument(["link"]),
            click.Option(["--file", "file_name"], default="", help="Which of its files."),
            click.Option(
                ["--even-pickles"],
                is_flag=True,
                help="Take a pickle too; it is scanned, and refused if it is dangerous.",
            ),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=get,
        help="Download LINK: a model's page, a download link, an AIR identifier or a repository's "
        "name. Interrupted, the same command goes on with what is there.",
    )


class _Told:
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
