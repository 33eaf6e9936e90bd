"""`preprocessors`: what makes maps, what that needs, and getting it."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import click
from pydantic import TypeAdapter

from backend.api.download_told import Told
from backend.api.download_verbs import Downloading
from backend.api.model_view import printable
from backend.api.preprocessor_verbs import Preprocessors
from backend.api.running import DONE, FAILED, run_command
from backend.schema.jobs import OWNER
from backend.schema.preprocessors import LocalWeights, PreprocessorView
from backend.schema.sizes import readable_bytes

OpenPreprocessors = Callable[[], AbstractContextManager[Preprocessors]]
OpenDownloading = Callable[[], AbstractContextManager[Downloading]]
_AS_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
_VIEWS = TypeAdapter(tuple[PreprocessorView, ...])
_COLUMNS = ("id", "makes", "here", "to download", "from", "licence")


def run(
    argv: Sequence[str], open_preprocessors: OpenPreprocessors, open_downloading: OpenDownloading
) -> int:
    """Run `preprocessors` with its arguments and return the exit code."""
    return run_command(_command(open_preprocessors, open_downloading), argv)


def _command(
    open_preprocessors: OpenPreprocessors, open_downloading: OpenDownloading
) -> click.Command:
    def listing(*, as_json: bool) -> None:
        if click.get_current_context().invoked_subcommand is None:
            with open_preprocessors() as preprocessors:
                _list(preprocessors.all(OWNER), as_json=as_json)

    group = click.Group(
        "preprocessors",
        callback=listing,
        params=[_AS_JSON],
        invoke_without_command=True,
        help="List what makes maps of pictures, and what that needs. Nothing is loaded.",
    )
    group.add_command(_get(open_preprocessors, open_downloading))
    group.add_command(_take(open_preprocessors))
    return group


def _list(views: Sequence[PreprocessorView], *, as_json: bool) -> None:
    if as_json:
        click.echo(_VIEWS.dump_json(tuple(views), indent=2))
        return
    rows = [_COLUMNS, *map(_row, views)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _row(view: PreprocessorView) -> tuple[str, ...]:
    return (
        view.id,
        view.makes.value,
        "yes" if view.here else "no",
        readable_bytes(view.bytes) if view.bytes else "",
        ", ".join(dict.fromkeys(file.repository for file in view.files)),
        ", ".join(dict.fromkeys(file.license for file in view.files)),
    )


def _get(open_preprocessors: OpenPreprocessors, open_downloading: OpenDownloading) -> click.Command:
    def get(preprocessor: str) -> int:
        with open_preprocessors() as preprocessors:
            missing = preprocessors.missing(OWNER, preprocessor)
        if not missing:
            click.echo("It has all that it needs.")
            return DONE
        with open_downloading() as downloading:
            for wanted in missing:
                size, licence = readable_bytes(wanted.bytes), wanted.license or "unknown"
                click.echo(
                    f"{wanted.repository}/{wanted.file}: {size}, licence: {licence}", err=True
                )
                told = Told(sys.stderr)
                request = downloading.weights(OWNER, wanted)
                try:
                    outcome = told.through(downloading.run(request))
                except KeyboardInterrupt:
                    click.echo("\nWhat arrived is kept: the same command goes on.", err=True)
                    return FAILED
                click.echo(printable(outcome))
        return DONE

    return click.Command(
        "get",
        params=[click.Argument(["preprocessor"])],
        callback=get,
        help="Download what PREPROCESSOR needs. Interrupted, the same command goes on.",
    )


def _take(open_preprocessors: OpenPreprocessors) -> click.Command:
    def take(preprocessor: str, path: str, file: str) -> None:
        with open_preprocessors() as preprocessors:
            view = preprocessors.take(OWNER, preprocessor, LocalWeights(path=path, file=file))
        click.echo("It has all that it needs." if view.here else "It is taken; others are missing.")

    return click.Command(
        "take",
        params=[
            click.Argument(["preprocessor"]),
            click.Argument(["path"], type=click.Path(resolve_path=True)),
            click.Option(["--file"], default="", help="Which of its files it is."),
        ],
        callback=take,
        help="Use the file at PATH for PREPROCESSOR; the file itself stays where it is.",
    )
