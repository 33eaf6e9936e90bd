"""Freeing memory by hand, and what came of it."""

import time

from backend.api.verbs import Jobs
from backend.memory.estimate import MIB
from backend.schema.jobs import Actor
from ui.memory.words import gigabytes

_PATIENCE = 4.0
"""Seconds; the engine tells how much it holds with its next sign of life."""
_LOOK = 0.1
_SOMETHING = 32 * MIB
"""Less comes and goes by itself."""


def freed(jobs: Jobs, actor: Actor) -> str:
    """Have the engine let go of the models that it keeps; says what came of it.

    Raises:
        NotAllowedError: When a guest asks.
    """
    before = _held(jobs, actor)
    jobs.free_memory(actor)
    if jobs.snapshot(actor).system.engine == "busy":
        return "A job is running. What it does not need is let go when it ends."
    ends = time.monotonic() + _PATIENCE
    while before and time.monotonic() < ends:
        less = before - _held(jobs, actor)
        if less >= _SOMETHING:
            return f"{gigabytes(less)} were let go."
        time.sleep(_LOOK)
    return "Nothing large was kept, so there was little to let go."


def _held(jobs: Jobs, actor: Actor) -> int:
    device = jobs.snapshot(actor).system.device
    return device.memory_held if device else 0
