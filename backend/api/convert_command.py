"""`convert`: a checkpoint becomes safetensors, or smaller, from the command line."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import get_args

import click

from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.schema.conversion import TargetPrecision
from backend.schema.jobs import OWNER, JobState

_DONE, _FAILED = 0, 1


def convert_command(open_studio: Callable[[], AbstractContextManager[Verbs]]) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def convert(file: Path, to: TargetPrecision, *, pruned: bool, name: str) -> int:
        with open_studio() as studio:
            job = studio.conversion.submit(OWNER, file, to, pruned=pruned, name=name)
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
        params=[
            click.Argument(["file"], type=click.Path(path_type=Path)),
            click.Option(
                ["--to"],
                type=click.Choice(get_args(TargetPrecision)),
                default="same",
                help="What the numbers are stored as. fp8 is for the network's matrices; the rest "
                "is fp16.",
            ),
            click.Option(
                ["--pruned"],
                is_flag=True,
                help="Leave out averages, a trainer's state and losses, which drawing never needs.",
            ),
            click.Option(["-o", "--output", "name"], default="", help="The new file's name."),
        ],
        callback=convert,
        help="Write another version of the model FILE beside it: safetensors of a pickle, or a "
        "smaller precision. Nothing in FILE is run, and FILE is kept.",
    )
