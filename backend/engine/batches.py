"""Which batches of a request are still to be made."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from backend.schema.resolved import ResolvedRequest, ResolvedVariation


@dataclass(frozen=True)
class Batch:
    """Pictures that are made at the same time."""

    number: int
    """Its place in the request, from 1."""
    count: int
    """How many batches the request has."""
    indices: tuple[int, ...]
    """The places of its pictures in the request, from 0."""
    seeds: tuple[int, ...]
    variations: tuple[ResolvedVariation, ...]
    """One for each picture, or none."""
    missing: tuple[tuple[int, int], ...]
    """What is not on disk yet, as (place in the batch, index)."""


def remaining_batches(request: ResolvedRequest, finished: AbstractSet[int]) -> tuple[Batch, ...]:
    """The batches with at least one missing picture.

    A batch is made again as a whole, because equal pixels need an equal batch shape; only the
    missing pictures of it are saved.
    """
    size, count = request.batch.size, request.batch.count
    batches: list[Batch] = []
    for number in range(count):
        indices = tuple(range(number * size, (number + 1) * size))
        missing = tuple(
            (place, index) for place, index in enumerate(indices) if index not in finished
        )
        if missing:
            seeds = tuple(request.seed_of(index) for index in indices)
            varied = tuple(request.variation_of(index) for index in indices)
            variations = tuple(each for each in varied if each)
            batches.append(Batch(number + 1, count, indices, seeds, variations, missing))
    return tuple(batches)
