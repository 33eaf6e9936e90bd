"""`train`: a LoRA from the pictures of a folder, from the command line."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.options import field_option
from backend.api.running import DONE, FAILED
from backend.api.train_events import wait_and_tell_events
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.schema.errors import RequestError
from backend.schema.fields import Scalar
from backend.schema.jobs import OWNER, JobState
from backend.schema.training import TRAINING_FIELDS, TrainingRequest

_LAST = "last"


def train_command(open_studio: Callable[[], AbstractContextManager[Verbs]]) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def train(*, resume: str | None, as_json: bool, output: Path | None, **values: Scalar) -> int:
        with open_studio() as studio:
            if resume:
                known = studio.training.last(OWNER) if resume == _LAST else resume
                job = studio.training.resume(OWNER, known)
            else:
                request = TrainingRequest.from_short_names(_written_to(output, values))
                job = studio.training.submit(OWNER, request)
            if as_json:
                view = wait_and_tell_events(studio, job, sys.stdout)
                return DONE if view.state is JobState.FINISHED else FAILED
            view = wait_and_tell(studio, job, sys.stderr)
        if view.state is JobState.FINISHED:
            click.echo(view.outcome)
            return DONE
        failure = view.failure
        told = f"The training was {view.state.value.replace('_', ' ')}."
        click.echo(f"{failure.sentence} {failure.hint}".strip() if failure else told, err=True)
        click.echo(f"Go on with: app.py train --resume {view.id}", err=True)
        return FAILED

    return click.Command(
        "train",
        params=[
            *map(field_option, TRAINING_FIELDS),
            click.Option(
                ["--resume"],
                help="Go on with a training that was ended: the id of its job, or “last”.",
            ),
            click.Option(
                ["-o", "--output"],
                type=click.Path(path_type=Path),
                help="The file of the LoRA, besides the one in the models folder.",
            ),
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                help="Tell what happens as lines of JSON: each step, sample, checkpoint and the "
                "end.",
            ),
        ],
        callback=train,
        help="Teach a checkpoint what the pictures of --dataset show, as a LoRA in the models "
        "folder. Ctrl+C saves it, to go on later with --resume.",
    )


def _written_to(output: Path | None, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The settings that have the LoRA written to a file: its name, and the folder of a copy.

    Raises:
        RequestError: When the file is of another kind.
    """
    if output is None:
        return dict(values)
    if output.suffix != ".safetensors":
        raise RequestError(
            f"“{output.name}” does not end in .safetensors.", "Give the LoRA another name."
        )
    folder = output.expanduser().absolute().parent
    return {**values, "name": output.stem, "export": str(folder)}
