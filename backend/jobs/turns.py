"""Who is next: jobs in the order in which they were asked for, owners taking turns."""

from collections import deque
from collections.abc import Iterable, Mapping

from backend.schema.jobs import Job, JobState


def in_turn(waiting: Iterable[Job], turns: Mapping[str, int]) -> tuple[Job, ...]:
    """The order in which jobs are done.

    A job that ran already goes on first. Then comes the owner who was served longest ago, and
    among owners who were never served the one who asked first; each has one job a round.

    Args:
        waiting: The jobs, in the order in which they were asked for.
        turns: The number of each owner's last turn, counted up from any start.
    """
    waiting = tuple(waiting)
    begun = [job for job in waiting if job.state is JobState.RUNNING]
    lines: dict[str, deque[Job]] = {}
    for job in waiting:
        if job.state is not JobState.RUNNING:
            lines.setdefault(job.owner, deque()).append(job)
    served = {owner: turns.get(owner, -1) for owner in lines}
    latest = max(served.values(), default=0)
    for job in begun:
        latest += 1
        served[job.owner] = latest
    order = list(begun)
    while lines:
        owner = min(lines, key=served.__getitem__)  # the first of equals: who asked first
        order.append(lines[owner].popleft())
        latest += 1
        served[owner] = latest
        if not lines[owner]:
            del lines[owner]
    return tuple(order)
