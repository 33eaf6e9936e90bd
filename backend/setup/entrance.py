"""From the command line to the command, through the environment that it needs."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backend.places import default_places
from backend.setup.commands import PAGE, Command, parse, usage
from backend.setup.environment import Environment, Wanted
from backend.setup.errors import SetupError, UsageError
from backend.setup.prepare import prepare
from backend.setup.terminal import complain, say, speak_any_alphabet

Handler = Callable[[Sequence[str]], int]

ROOT = Path(__file__).resolve().parents[2]
MISUSED = 2
INTERRUPTED = 130
LOOK_ONLY = "--check"
WITH_TEST_TOOLS = frozenset({"test", "pins"})


def run(argv: Sequence[str], inside: Mapping[str, Handler]) -> int:
    """Do what the command line asks and return the exit code.

    Args:
        argv: The command line after the program's name.
        inside: The commands that need Easel's environment, by name.
    """
    speak_any_alphabet()
    try:
        return _do(parse(argv), Environment(ROOT), inside)
    except UsageError as error:
        complain(str(error))
        return MISUSED
    except SetupError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Stopped. The next start goes on from here.")
        return INTERRUPTED


def _do(command: Command, environment: Environment, inside: Mapping[str, Handler]) -> int:
    if command.name == "help":
        say(usage())
        return 0
    if command.name == "doctor":
        return _doctor(command, environment)
    prepare(environment, Wanted(command.torch, tests=command.name in WITH_TEST_TOOLS))
    if command.name == "test":
        return _test(command, environment)
    if not environment.running:
        return _hand_over(environment, command)
    if command.name == "pins":
        return _pins(environment)
    return inside[command.name](command.arguments)


def _test(command: Command, environment: Environment) -> int:
    from backend.setup.suite import Suite  # noqa: PLC0415  other commands start faster without

    return Suite(environment).run(command.arguments)


def _pins(environment: Environment) -> int:
    from backend.setup.upgrade import upgrade  # noqa: PLC0415  it needs a tool of the tests

    return upgrade(environment)


def _doctor(command: Command, environment: Environment) -> int:
    from backend.setup.doctor import Doctor  # noqa: PLC0415  other commands start faster without
    from backend.setup.machine import ThisMachine  # noqa: PLC0415
    from backend.setup.probe import probe_machine  # noqa: PLC0415

    unknown = [word for word in command.arguments if word != LOOK_ONLY]
    if unknown:
        raise UsageError(
            f"doctor does not know {unknown[0]!r}.",
            f"It takes {LOOK_ONLY} (look, but change nothing) and --torch.",
        )
    mends = LOOK_ONLY not in command.arguments
    doctor = Doctor(environment, probe_machine(ThisMachine()), mends=mends)
    return doctor.examine(Wanted(command.torch), default_places())


def _hand_over(environment: Environment, command: Command) -> int:
    """Go on in the environment's own Python; on Windows as its parent, elsewhere in its place."""
    words = [] if command.name == PAGE else [command.name]
    line = [str(environment.python), str(ROOT / "app.py"), *words, *command.arguments]
    if os.name != "nt":
        os.execv(line[0], line)  # noqa: S606  our own Python, no shell
    child = subprocess.Popen(line)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child hears it too, and ends in its own way
            continue
