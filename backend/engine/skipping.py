"""Letting go of what is being drawn, when somebody does not want to wait for it."""

from collections.abc import Generator
from collections.abc import Set as AbstractSet
from typing import TypeVar

from backend.engine.batches import Batch
from backend.schema.events import Event, ImageReady, ImageUnsaved, Skipped

Result = TypeVar("Result")


def unless_skipped(
    events: Generator[Event, None, Result], batch: Batch, skipped: AbstractSet[int]
) -> Generator[Event, None, Result | None]:
    """Make a batch; where it is among those that are skipped, close it where it yields.

    Args:
        events: What makes the batch.
        batch: Which one that is.
        skipped: The numbers of batches that nobody wants; it grows while they are made.

    Returns:
        What `events` return; None where the batch was skipped. Pictures that were saved stay.
    """
    left = {index for _, index in batch.missing}
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        if isinstance(event, ImageReady | ImageUnsaved):
            left.discard(event.index)
        yield event
        if left and batch.number in skipped:
            events.close()
            yield Skipped(indices=tuple(sorted(left)))
            return None
