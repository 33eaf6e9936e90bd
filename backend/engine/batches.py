"""Which batches of a request are still to be made."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from backend.engine.adapters.asked import Strengths, asked
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
    size = request.batch.size
    rows = [range(number * size, (number + 1) * size) for number in range(request.batch.count)]
    parted = [indices for row in rows for indices in _with_equal_adapters(request, row)]
    batches: list[Batch] = []
    for number, indices in enumerate(parted, 1):
        missing = tuple(
            (place, index) for place, index in enumerate(indices) if index not in finished
        )
        if missing:
            seeds = tuple(request.seed_of(index) for index in indices)
            varied = tuple(request.variation_of(index) for index in indices)
            variations = tuple(each for each in varied if each)
            batches.append(Batch(number, len(parted), indices, seeds, variations, missing))
    return tuple(batches)


def _with_equal_adapters(
    request: ResolvedRequest, indices: Sequence[int]
) -> Iterable[tuple[int, ...]]:
    """Part pictures whose prompts name other adapters: a network wears one set at a time.

    It changes no pixel: pictures with prompts of their own are drawn one after the other.
    """
    parted: dict[tuple[tuple[tuple[str, Strengths], ...], ...], list[int]] = {}
    for index in indices:
        prompts = (request.prompt_of(index), request.second_prompt_of(index))
        wanted = tuple(tuple(sorted(asked(prompt).items())) for prompt in prompts)
        parted.setdefault(wanted, []).append(index)
    return map(tuple, parted.values())
