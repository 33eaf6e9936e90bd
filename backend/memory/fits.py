"""Which families of models fit a device, for the doctor: a line for each, a tab after its name."""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import cast

from backend.memory.plan import plan
from backend.memory.published import Published, published
from backend.memory.sentences import in_gigabytes, slower
from backend.memory.speed import USUAL
from backend.schema.memory import Budget, DeviceKind, PlanView

_BEARABLE = 1.3
"""A narrower file is advised where the usual one is slower than this."""

_HOUR = 3600


def lines(budget: Budget) -> Iterator[str]:
    """What is said of each family."""
    yield "Starter model\tfits, and draws within seconds"
    for family, files in groupby(published(), attrgetter("family")):
        yield f"{family}\t{_words(list(files), budget)}"


def _words(files: Sequence[Published], budget: Budget) -> str:
    operations = USUAL[budget.device].operations
    plans = [(file, plan(file.workload, budget, None, operations)) for file in files]
    fitting = [(file, view) for file, view in plans if view.fits]
    if not fitting:
        _, smallest = min(plans, key=lambda each: each[1].missing_bytes)
        return f"does not fit: {smallest.sentence.partition(': ')[2]}"
    quick = [each for each in fitting if each[1].slow_down < _BEARABLE]
    file, view = (quick or fitting)[0]
    precision = file.label.removeprefix(f"{file.family}, ")
    return f"fits as {precision}, {_speed(view)}"


def _speed(view: PlanView) -> str:
    if view.budget.device == "cpu":
        long = "hours" if (view.seconds or 0) > _HOUR else "minutes"
        return f"but takes {long} on the processor"
    return f"with {in_gigabytes(view.peak_bytes)} GB, {slower(view.slow_down)}"


def main(arguments: Sequence[str]) -> None:
    """Write the lines for a kind of device, its bytes, and the machine's."""
    kind, device_bytes, ram_bytes = arguments
    budget = Budget(
        device=cast("DeviceKind", kind), device_bytes=int(device_bytes), ram_bytes=int(ram_bytes)
    )
    sys.stdout.write("\n".join(lines(budget)))
