"""`models bring` and `models forget`: installations of other programs, used where they lie."""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import cast

import click

from backend.api.bringing_verbs import BringingHere
from backend.api.model_view import printable
from backend.api.running import DONE, FAILED
from backend.schema.bringing import Brought
from backend.schema.errors import RequestError
from backend.schema.events import Event, Finished, Progress, Warned
from backend.schema.jobs import OWNER

OpenBringing = Callable[[], AbstractContextManager[BringingHere]]


def bring_commands(open_bringing: OpenBringing) -> tuple[click.Command, ...]:
    """The commands; their callbacks return the exit code, and let most of `EaselError` out."""

    def bring(folder: str, *, as_json: bool) -> int:
        with open_bringing() as bringing:
            try:
                brought = bringing.bring(OWNER, str(Path(folder).expanduser().absolute()))
            except RequestError as error:
                click.echo(str(error), err=True)
                return FAILED
            try:
                told = _told(bringing.pictures(OWNER, brought))
            except KeyboardInterrupt:
                click.echo("\nWhat was found is kept: the same command goes on with it.", err=True)
                return FAILED
            hint = bringing.hint
        if as_json:
            click.echo(brought.model_dump_json(indent=2))
        else:
            _print(brought, told, hint)
        return DONE

    def forget(folder: str) -> int:
        with open_bringing() as bringing:
            try:
                bringing.forget(OWNER, folder)
            except RequestError as error:
                click.echo(str(error), err=True)
                return FAILED
        click.echo("It is not used any more; nothing in it was changed.")
        return DONE

    where = click.Argument(["folder"])
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
    return (
        click.Command(
            "bring",
            params=[where, as_json],
            callback=bring,
            help="Use the models, styles, wildcards and pictures in FOLDER, which is an "
            "installation of AUTOMATIC1111, Forge, SD.Next, ComfyUI, Fooocus or InvokeAI, where "
            "they lie. Nothing is copied or changed. Again, it finds what is new.",
        ),
        click.Command(
            "forget",
            params=[where],
            callback=forget,
            help="Use the installation in FOLDER no more. Nothing in it is changed.",
        ),
    )


def _print(brought: Brought, told: list[str], hint: str) -> None:
    click.echo(printable(f"{brought.path} is in use. {brought.sentence}"))
    if brought.unclear:
        click.echo(f"Not understood ({brought.unclear_in_all:,}):")
    for each in brought.unclear:
        click.echo(printable(f"  {each.file}: {each.reason}"))
    more = brought.unclear_in_all - len(brought.unclear)
    if more:
        click.echo(f"  and {more:,} more")
    for sentence in (*told, *([hint] if hint else [])):
        click.echo(printable(sentence))


def _told(events: Iterator[Event]) -> list[str]:
    """What is told of the pictures at the end; the count meanwhile, where somebody looks."""
    told: list[str] = []
    watched = sys.stderr.isatty()
    with closing(cast("Generator[Event]", events)) as followed:
        for event in followed:
            if isinstance(event, Progress) and watched:
                sys.stderr.write(f"\rPicture {event.step:,} of {event.steps:,}")
                sys.stderr.flush()
            elif isinstance(event, Warned | Finished) and event.sentence:
                told.append(event.sentence)
    if watched:
        sys.stderr.write(f"\r{'':<40}\r")
    return told
