"""The command line's way into Studio."""

from collections.abc import Sequence

import click

from backend.api import (
    generate_command,
    info_command,
    models_command,
    plan_command,
    preprocessors_command,
    prompt_command,
)
from backend.api.convert_command import convert_command
from backend.api.dataset_command import dataset_command
from backend.api.grid_command import grid_command
from backend.api.map_command import map_command
from backend.api.models_bring_command import bring_commands
from backend.api.models_get_command import get_command
from backend.api.models_search_command import search_command
from backend.api.models_verify_command import verify_command
from backend.api.running import run_command
from backend.api.train_command import train_command
from backend.api.upscale_command import upscale_command
from backend.places import default_places
from backend.services.bringing import open_bringing
from backend.services.downloads import open_downloading
from backend.services.hubs import open_hubs
from backend.services.memory import open_memory
from backend.services.models import open_models
from backend.services.preprocessors import open_preprocessors
from backend.services.readings import open_readings
from backend.services.studio import open_studio
from backend.services.wording import Wording


def generate(argv: Sequence[str]) -> int:
    """Run `generate PROMPT -o FILE` and return the exit code: 0 done, 1 failed, 2 misused.

    What the page left in its queue waits for the page. Where the page runs on the same data folder,
    this is told in one sentence.
    """
    return generate_command.run(argv, lambda: open_studio(default_places(), resume=False))


def models(argv: Sequence[str]) -> int:
    """Run `models` and return the exit code; the page may run at the same time."""
    search = search_command(lambda: open_hubs(default_places()))
    get = get_command(lambda: open_downloading(default_places()))
    verify = verify_command(lambda: open_models(default_places()))
    bring = bring_commands(lambda: open_bringing(default_places()))
    more = (search, get, verify, *bring, _convert_command())
    return models_command.run(argv, lambda: open_models(default_places()), more)


def plan(argv: Sequence[str]) -> int:
    """Run `plan` and return the exit code; the page may run at the same time."""
    return plan_command.run(argv, lambda: open_memory(default_places()))


def prompt(argv: Sequence[str]) -> int:
    """Run `prompt TEXT` and return the exit code; nothing is loaded."""
    return prompt_command.run(argv, lambda: Wording(default_places()).wildcards())


def info(argv: Sequence[str]) -> int:
    """Run `info PICTURE…` and return the exit code; the page may run at the same time."""
    return info_command.run(argv, lambda: open_readings(default_places()))


def convert(argv: Sequence[str]) -> int:
    """Run `convert FILE`, which is `models convert FILE`, and return the exit code."""
    return run_command(_convert_command(), argv)


def upscale(argv: Sequence[str]) -> int:
    """Run `upscale FILE…` and return the exit code: 0 all done, 1 one failed, 2 misused."""
    return run_command(upscale_command(lambda: open_studio(default_places(), resume=False)), argv)


def make_map(argv: Sequence[str]) -> int:
    """Run `map PICTURE -o FILE` and return the exit code: 0 done, 1 failed, 2 misused."""
    return run_command(map_command(lambda: open_studio(default_places(), resume=False)), argv)


def grid(argv: Sequence[str]) -> int:
    """Run `grid PROMPT --x … --y …` and return the exit code: 0 done, 1 failed, 2 misused."""
    return run_command(grid_command(lambda: open_studio(default_places(), resume=False)), argv)


def dataset(argv: Sequence[str]) -> int:
    """Run `dataset FOLDER` and return the exit code; nothing is loaded, and nothing changed."""
    return run_command(dataset_command(), argv)


def train(argv: Sequence[str]) -> int:
    """Run `train --dataset FOLDER` and return the exit code: 0 done, 1 ended early, 2 misused."""
    return run_command(train_command(lambda: open_studio(default_places(), resume=False)), argv)


def preprocessors(argv: Sequence[str]) -> int:
    """Run `preprocessors` and return the exit code; the page may run at the same time."""
    return preprocessors_command.run(
        argv,
        lambda: open_preprocessors(default_places()),
        lambda: open_downloading(default_places()),
    )


def _convert_command() -> click.Command:
    return convert_command(lambda: open_studio(default_places(), resume=False))
