"""`generate`: pictures from the command line, without a page."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.arguments import request_from
from backend.api.formats import format_of
from backend.api.low_memory import low_memory_of, low_memory_options
from backend.api.options import field_option
from backend.api.running import DONE, FAILED, run_command
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.outputs.writing import write_atomically
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.jobs import OWNER, JobState, JobView

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

    fields = [spec for spec in GENERATION_FIELDS if spec.setting.short_name != "prompt"]
    parameters: list[click.Parameter] = [
        click.Argument(["prompt"]),
        click.Option(
            ["-o", "--output"],
            help="Also write the picture to this file, in the format that its name says; several "
            "get -1, -2 … at the end.",
        ),
        *map(field_option, fields),
        *low_memory_options(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the settings as JSON."),
    ]
    text = "Make pictures of PROMPT. They are kept in the outputs folder."
    return click.Command("generate", params=parameters, callback=generate, help=text)


def _generate(
    open_studio: OpenStudio, values: dict[str, object], target: Path | None, *, as_json: bool
) -> int:
    if target is not None:
        values = {**values, "format": format_of(target, values.get("format"))}
    with open_studio() as studio:
        request = _request(values, studio.models.catalogue())
        for advice in studio.advising.warnings(OWNER, request):
            click.echo(advice.sentence, err=True)
        job = studio.generation.submit(OWNER, request)
        view = wait_and_tell(studio, job, sys.stderr)
        paths = _keep(studio, view, target)
        if as_json and view.pictures:
            settings = studio.gallery.request_of(OWNER, view.pictures[0].id).model_dump_json()
            click.echo(f'{{"job_id": "{view.id}", "settings": {settings}}}')
        else:
            for path in paths:
                click.echo(path)
    return _code(view)


def _request(values: dict[str, object], catalogue: Catalogue) -> GenerationRequest:
    low_memory = low_memory_of(values)
    given = {name: value for name, value in values.items() if value is not None}
    if "checkpoint" in given:
        given["checkpoint"] = _as_path(str(given["checkpoint"]))
    request = request_from(given, catalogue)
    return request.model_copy(update={"memory": request.memory.over(low_memory)})


def _as_path(name: str) -> str:
    """The whole path of a checkpoint that is named by a file beside us; else the name itself."""
    path = Path(name).expanduser()
    return str(path.absolute()) if path.exists() else name


def _keep(studio: Verbs, view: JobView, target: Path | None) -> list[Path]:
    """Where the pictures are, after copying them to where the person wants them."""
    kept: list[Path] = []
    for number, picture in enumerate(view.pictures, 1):
        source = studio.gallery.file(OWNER, picture.id) if picture.saved else None
        if target is None:
            kept.extend([source] if source else [])
            continue
        name = target.name if len(view.pictures) == 1 else f"{target.stem}-{number}{target.suffix}"
        content = source.read_bytes() if source else studio.gallery.unsaved_bytes(OWNER, picture.id)
        write_atomically(target.with_name(name).absolute(), content)
        kept.append(target.with_name(name))
    return kept


def _code(view: JobView) -> int:
    if view.state is JobState.FINISHED:
        return DONE
    failure = view.failure
    told = f"The job was {view.state.value.replace('_', ' ')}."
    click.echo(f"{failure.sentence} {failure.hint}".strip() if failure else told, err=True)
    return FAILED
