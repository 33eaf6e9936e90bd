"""Easel, a local AI image studio: `python3 app.py` opens the page, `--help` tells the rest.

This file runs on any Python 3, however old, so that it can say which one Easel needs. What follows
needs only the standard library until Easel's own environment exists.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OLDEST_PYTHON = (3, 11)


def page(arguments: "Sequence[str]") -> int:
    """Open the page; return the exit code."""
    from ui.serving import main as serve

    return serve(arguments)


def generate(arguments: "Sequence[str]") -> int:
    """Make a picture without a page; return the exit code."""
    from backend.api.cli import generate as command

    return command(arguments)


def models(arguments: "Sequence[str]") -> int:
    """Tell what models are installed, or what a file is; return the exit code."""
    from backend.api.cli import models as command

    return command(arguments)


def preprocessors(arguments: "Sequence[str]") -> int:
    """Tell what makes maps of pictures, or get what that needs; return the exit code."""
    from backend.api.cli import preprocessors as command

    return command(arguments)


def plan(arguments: "Sequence[str]") -> int:
    """Tell whether a picture fits into memory, and how; return the exit code."""
    from backend.api.cli import plan as command

    return command(arguments)


def prompt(arguments: "Sequence[str]") -> int:
    """Tell how a prompt is read; return the exit code."""
    from backend.api.cli import prompt as command

    return command(arguments)


def info(arguments: "Sequence[str]") -> int:
    """Tell how pictures were made; return the exit code."""
    from backend.api.cli import info as command

    return command(arguments)


def convert(arguments: "Sequence[str]") -> int:
    """Make safetensors of a pickled checkpoint; return the exit code."""
    from backend.api.cli import convert as command

    return command(arguments)


def upscale(arguments: "Sequence[str]") -> int:
    """Make larger versions of pictures; return the exit code."""
    from backend.api.cli import upscale as command

    return command(arguments)


def make_map(arguments: "Sequence[str]") -> int:
    """Make a map of a picture; return the exit code."""
    from backend.api.cli import make_map as command

    return command(arguments)


def grid(arguments: "Sequence[str]") -> int:
    """Make a grid of pictures that differ in a few settings; return the exit code."""
    from backend.api.cli import grid as command

    return command(arguments)


def dataset(arguments: "Sequence[str]") -> int:
    """Tell what a LoRA would learn from a folder of pictures; return the exit code."""
    from backend.api.cli import dataset as command

    return command(arguments)


def train(arguments: "Sequence[str]") -> int:
    """Teach a checkpoint what pictures show; return the exit code."""
    from backend.api.cli import train as command

    return command(arguments)


def main() -> int:
    """Set up what is missing, then do what the command line asks; return the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        sys.stderr.write(
            "Easel needs Python 3.11 or newer, and this is Python {}.{}. Get a newer one at "
            "https://www.python.org/downloads/ and start app.py with it.\n".format(
                *sys.version_info[:2]
            )
        )
        return 1
    from backend.setup.entrance import run

    inside = {
        "page": page,
        "generate": generate,
        "models": models,
        "preprocessors": preprocessors,
        "plan": plan,
        "prompt": prompt,
        "info": info,
        "convert": convert,
        "upscale": upscale,
        "map": make_map,
        "grid": grid,
        "dataset": dataset,
        "train": train,
    }
    return run(sys.argv[1:], inside)


if __name__ == "__main__":
    sys.exit(main())
