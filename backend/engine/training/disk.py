"""Whether there is room on the disk for what a training will write."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from backend.engine.training.learners import Learners
from backend.schema.errors import OutputError
from backend.schema.events import Event, Warned
from backend.schema.training import ResolvedTraining

_COPIES = 4
"""Of what learns: itself, two moments of the optimiser, and the LoRA in half precision, rounded
up."""
_SPARE = 2**28
"""Bytes that others may need meanwhile."""


def look_ahead(
    wanted: ResolvedTraining, learners: Learners, reached: int, folder: Path
) -> Iterator[Event]:
    """Tell where not all checkpoints will fit; refuse where not even two do.

    Args:
        wanted: The training.
        learners: What learns.
        reached: How many steps were taken already.
        folder: Where checkpoints go.

    Raises:
        OutputError: When there is hardly any room.
    """
    steps, every = wanted.asked.learning.steps, wanted.asked.save_every
    one = _COPIES * sum(each.nbytes for each in learners.parameters)
    ahead = max(1, steps // every - reached // every)
    free = shutil.disk_usage(_there(folder)).free
    if free < 2 * one + _SPARE:
        raise OutputError(
            f"There are {_readable(free)} left on the disk of {folder}, and a checkpoint of this "
            f"training takes {_readable(one)}.",
            "Free some space, then let it go on.",
        )
    if free < ahead * one + _SPARE:
        yield Warned(
            sentence=f"The {ahead} checkpoints to come take {_readable(ahead * one)}, and "
            f"{_readable(free)} are free: save less often, or remove old ones meanwhile."
        )


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _readable(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"  # noqa: PLR2004
