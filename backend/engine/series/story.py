"""The story of a series: each picture as if it were asked for alone, then the sheets."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from backend.engine.context import Context, JobFunction
from backend.engine.series.sheets import sheets
from backend.schema.errors import EaselError
from backend.schema.events import (
    Event,
    ImageReady,
    ImageUnsaved,
    Metric,
    Preview,
    Progress,
    Skipped,
    Warned,
)
from backend.schema.resolved import ResolvedRequest
from backend.schema.series import ResolvedSeries


@dataclass
class _Progress:
    """How far a series is, by the pixels and steps of its pictures."""

    total: int
    """How many pictures the series has."""
    work: dict[int, int]
    """What each picture takes, by its place: of those that are left."""
    done: int = 0
    number: int = 0
    """Which of all pictures is drawn, from 1."""
    begun: tuple[float, float] | None = None
    """When the first step was told, and what was done by then; models were loaded before."""

    def seconds_left(self, index: int, share: float) -> float | None:
        """The time that the rest will take; None before there is anything to go by.

        Args:
            index: The picture that is drawn.
            share: How much of it is done, from 0 to 1.
        """
        drawn = self.done + self.work[index] * share
        now = time.perf_counter()
        self.begun = self.begun or (now, drawn)
        began, before = self.begun
        if drawn <= before:
            return None
        return (now - began) / (drawn - before) * (sum(self.work.values()) - drawn)


def series(draw: JobFunction, request: dict[str, object], context: Context) -> Iterator[Event]:
    """Make every picture of a series; what cannot be drawn is told and left out.

    Args:
        draw: Makes the pictures of one request.
        request: A `ResolvedSeries` as JSON.
        context: The job's surroundings; pictures in `finished_indices` are not made again.

    Raises:
        EaselError: When none of the pictures can be drawn.
    """
    started = time.perf_counter()
    wanted = ResolvedSeries.model_validate(request)
    left = {index: wanted.cell(index) for index in wanted.order}
    for index in context.finished_indices:
        left.pop(index, None)
    progress = _Progress(len(wanted.order), {index: _work(cell) for index, cell in left.items()})
    failure, drawn = None, len(wanted.order) > len(left)
    for index, cell in left.items():
        progress.number = wanted.order.index(index) + 1
        try:
            yield from _cell(draw, cell, _alone(context, index), context, progress)
            drawn = True
        except EaselError as error:
            failure = error
            yield Warned(sentence=f"{wanted.axes.label_of(index)}: {error}")
            yield Skipped(indices=(index,))
        progress.done += progress.work[index]
    if failure is not None and not drawn:
        raise failure
    yield Metric(name="seconds_total", step=0, value=time.perf_counter() - started)
    yield from sheets(wanted, context)


def _cell(
    draw: JobFunction,
    cell: ResolvedRequest,
    alone: Context,
    context: Context,
    progress: _Progress,
) -> Generator[Event, None, None]:
    """Draw one picture, and tell of it as one of the job's."""
    for event in draw(cell.model_dump(mode="json"), alone):
        told = _placed(event, alone.first_index, progress)
        if told is not None:
            yield told
        if alone.first_index + 1 in context.skipped:
            alone.skipped.add(1)


def _alone(context: Context, index: int) -> Context:
    """The surroundings of one picture, whose request has no other."""
    return replace(context, first_index=index, finished_indices=frozenset(), skipped=set())


def _placed(event: Event, first: int, progress: _Progress) -> Event | None:
    """What is told of one picture alone, as it is to be told of the whole job."""
    match event:
        case Progress():
            share = event.step / event.steps
            return Progress(
                step=event.step,
                steps=event.steps,
                batch=progress.number,
                batches=progress.total,
                seconds_left=progress.seconds_left(first, share),
            )
        case ImageReady() | ImageUnsaved() | Preview():
            return event.model_copy(update={"index": first + event.index})
        case Skipped():
            return Skipped(indices=tuple(first + index for index in event.indices))
        case Metric():
            return None  # it would say of the job what holds for a part of it
        case _:
            return event


def _work(cell: ResolvedRequest) -> int:
    return cell.sampling.steps * cell.size.width * cell.size.height
