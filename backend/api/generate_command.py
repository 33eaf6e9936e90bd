"""`generate`: pictures from the command line, without a page."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.drawing_options import drawing_parameters, each_of, request_of
from backend.api.formats import format_of
from backend.api.options import UNITS_NOTE
from backend.api.running import DONE, FAILED, run_command
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.outputs.writing import write_atomically
from backend.schema.jobs import OWNER, JobState, JobView, PictureView
from backend.schema.series import SeriesRequest

OpenStudio = Callable[[], AbstractContextManager[Verbs]]


def run(argv: Sequence[str], open_studio: OpenStudio) -> int:
    """Run `generate` with its arguments and return the exit code.

    0: all pictures are there. 1: the job failed or was cancelled. 2: the request makes no sense.
    """
    return run_command(_command(open_studio), argv[1:] if argv[:1] == ["generate"] else argv)


def _command(open_studio: OpenStudio) -> click.Command:
    def generate(**values: object) -> int:
        output = values.pop("output")
        as_json = bool(values.pop("as_json"))
        target = Path(str(output)) if output else None
        return _generate(open_studio, values, target, as_json=as_json)

    parameters: list[click.Parameter] = [
        *drawing_parameters(),
        click.Option(
            ["-o", "--output"],
            help="Also write the picture to this file, in the format that its name says; several "
            "get -1, -2 … at the end.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the settings as JSON."),
    ]
    text = "Make pictures of PROMPT. They are kept in the outputs folder."
    return click.Command(
        "generate", params=parameters, callback=generate, help=text, epilog=UNITS_NOTE
    )


def _generate(
    open_studio: OpenStudio, values: dict[str, object], target: Path | None, *, as_json: bool
) -> int:
    if target is not None:
        values = {**values, "format": format_of(target, values.get("format"))}
    several = each_of(values)
    with open_studio() as studio:
        request = request_of(values, studio.models.catalogue())
        for advice in studio.advising.warnings(OWNER, request):
            click.echo(advice.sentence, err=True)
        if several:
            wanted = SeriesRequest(base=request, **several, sheet=False)
            job = studio.series.submit(OWNER, wanted)
        else:
            job = studio.generation.submit(OWNER, request)
        view = wait_and_tell(studio, job, sys.stderr)
        paths = keep(studio, view.pictures, target)
        if as_json and view.pictures:
            settings = studio.gallery.request_of(OWNER, view.pictures[0].id).model_dump_json()
            click.echo(f'{{"job_id": "{view.id}", "settings": {settings}}}')
        else:
            for path in paths:
                click.echo(path)
    return code_of(view)


def keep(studio: Verbs, pictures: Sequence[PictureView], target: Path | None) -> list[Path]:
    """Where the pictures are, after copying them to where the person wants them."""
    kept: list[Path] = []
    for number, picture in enumerate(pictures, 1):
        source = studio.gallery.file(OWNER, picture.id) if picture.saved else None
        if target is None:
            kept.extend([source] if source else [])
            continue
        name = target.name if len(pictures) == 1 else f"{target.stem}-{number}{target.suffix}"
        content = source.read_bytes() if source else studio.gallery.unsaved_bytes(OWNER, picture.id)
        write_atomically(target.with_name(name).absolute(), content)
        kept.append(target.with_name(name))
    return kept


def code_of(view: JobView) -> int:
    """The exit code of a job that ended; says why where it did not do what was asked."""
    if view.state is JobState.FINISHED:
        return DONE
    failure = view.failure
    told = f"The job was {view.state.value.replace('_', ' ')}."
    click.echo(f"{failure.sentence} {failure.hint}".strip() if failure else told, err=True)
    return FAILED
