"""`convert`: a pickled checkpoint becomes safetensors, from the command line."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.schema.jobs import OWNER, JobState

_DONE, _FAILED = 0, 1


def convert_command(open_studio: Callable[[], AbstractContextManager[Verbs]]) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def convert(file: Path) -> int:
        with open_studio() as studio:
            job = studio.conversion.submit(OWNER, file)
            view = wait_and_tell(studio, job, sys.stderr)
        if view.state is JobState.FINISHED:
            click.echo(view.outcome)
            return _DONE
        failure = view.failure
        told = f"The conversion was {view.state.value.replace('_', ' ')}."
        click.echo(f"{failure.sentence} {failure.hint}".strip() if failure else told, err=True)
        return _FAILED

    return click.Command(
        "convert",
        params=[click.Argument(["file"], type=click.Path(path_type=Path))],
        callback=convert,
        help="Write the safetensors version of the pickled checkpoint FILE beside it. Nothing in "
        "FILE is run, and FILE is kept.",
    )
