"""How fast a job's model calls go, and how many are ahead."""

import time
from dataclasses import dataclass, field

from backend.engine.registry import find_sampler
from backend.schema.resolved import ResolvedRequest


@dataclass
class Pace:
    """How fast the job's model calls go, over all its batches.

    A call counts as 1 at the size of the first pass, and as more where more pixels are seen.
    """

    calls_planned: float
    calls_of_batch: float = 0
    calls_made: float = 0
    started: float = field(default_factory=time.perf_counter)

    def seconds_left(self) -> float | None:
        """The time that the remaining calls will take; None before there is anything to go by."""
        if not self.calls_made:
            return None
        each = (time.perf_counter() - self.started) / self.calls_made
        return each * max(0, self.calls_planned - self.calls_made)

    def plan(self, batches: int) -> None:
        """Count anew what is ahead: so many whole batches."""
        self.calls_planned = self.calls_made + batches * self.calls_of_batch


def plan_pace(request: ResolvedRequest, batches: int) -> Pace:
    """Count the model calls that are ahead."""
    of_batch = float(_calls(request.sampling.sampler, request.steps_taken))
    if request.hires is not None:
        calls = _calls(request.hires.sampler, request.hires.steps)
        of_batch += sum(calls * weight_of(request, each) for each in request.hires.sizes)
    return Pace(calls_planned=batches * of_batch, calls_of_batch=of_batch)


def weight_of(request: ResolvedRequest, size: tuple[int, int]) -> float:
    """How much a model call at this size counts, 1 for that of the first pass."""
    return size[0] * size[1] / (request.size.width * request.size.height)


def _calls(sampler: str, steps: int) -> int:
    """How many model calls some steps take; the last one of every sampler takes one."""
    return max(0, find_sampler(sampler).info.calls_per_step * (steps - 1) + 1)


@dataclass(frozen=True)
class Counted:
    """What some steps count for in a job with several passes."""

    before: int = 0
    """How many steps the earlier passes took."""
    in_all: int = 0
    """Of all passes."""
    weight: float = 1.0
    """Of a model call, see `Pace`."""
