"""`models verify`: whether the models are still what they were."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import click

from backend.api.model_view import printable
from backend.api.running import DONE, FAILED
from backend.api.verbs import Models
from backend.schema.jobs import OWNER

_SIGNS = {True: "whole", False: "DAMAGED"}


def verify_command(open_models: Callable[[], AbstractContextManager[Models]]) -> click.Command:
    """The command; its callback returns 1 where a model is damaged."""

    def verify(names: tuple[str, ...], *, as_json: bool) -> int:
        damaged = count = 0
        lines: list[str] = []
        with open_models() as models:
            for one in models.verify(OWNER, names):
                count += 1
                damaged += not one.whole
                if as_json:
                    lines.append(one.model_dump_json())
                else:
                    click.echo(printable(f"{_SIGNS[one.whole]:<8}{one.id}: {one.sentence}"))
                    sys.stdout.flush()
        if as_json:
            click.echo(f"[{', '.join(lines)}]")
        elif damaged:
            click.echo(f"{damaged} of {count} are damaged.")
        else:
            click.echo("Nothing is damaged." if count else "No model is installed.")
        return FAILED if damaged else DONE

    return click.Command(
        "verify",
        params=[
            click.Argument(["names"], nargs=-1),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=verify,
        help="Read all of the models NAMES, or of all models, again, and compare them with their "
        "headers and with the hashes that are known. About a second for each gigabyte.",
    )
