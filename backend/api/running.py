"""Running a command of the command line: its errors as sentences, its outcome as an exit code."""

from collections.abc import Sequence

import click

from backend.schema.errors import EaselError, RequestError

DONE, FAILED, MISUSED = 0, 1, 2


def run_command(command: click.Command, arguments: Sequence[str]) -> int:
    """Run a command and return the exit code.

    0: done, or what the command itself returned. 1: it failed. 2: what was asked makes no sense.
    """
    name = f"app.py {command.name}"
    try:
        code: object = command.main(list(arguments), prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return MISUSED
    except click.Abort:
        return FAILED
    except EaselError as error:
        click.echo(str(error), err=True)
        return MISUSED if isinstance(error, RequestError) else FAILED
    return code if isinstance(code, int) else DONE
