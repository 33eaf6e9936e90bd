"""`models get`: a model from a hub, from the command line."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import click

from backend.api.download_told import Told
from backend.api.download_verbs import Downloading
from backend.api.model_view import printable
from backend.api.running import DONE, FAILED
from backend.schema.base import Frozen
from backend.schema.jobs import OWNER

OpenDownloading = Callable[[], AbstractContextManager[Downloading]]


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
            told = Told(sys.stderr)
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
