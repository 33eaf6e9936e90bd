"""What a job gets from the engine besides its request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast, runtime_checkable

from backend.places import Places
from backend.schema.events import Event

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """The surroundings of one job."""

    job: str
    """The job's id, the first part of its pictures' ids and file names."""
    places: Places
    created: float
    """When the person asked, in seconds since the epoch; dates file names and metadata."""
    first_index: int = 0
    """The place in the job of the request's first picture, where the job has several requests."""
    finished_indices: frozenset[int] = frozenset()
    """Pictures that are on disk already and are not made again."""
    skipped: set[int] = field(default_factory=set[int])
    """Batches, from 1, that nobody wants any more; a job looks here at its yields."""
    slots: dict[str, object] = field(default_factory=dict[str, object])
    """The large tensors of this job, where others can find and park them."""
    kept: dict[str, object] = field(default_factory=dict[str, object])
    """What lives as long as the engine, shared by all jobs; use `keep`."""

    @property
    def part(self) -> str:
        """The job, or which request of it this is: names what is kept until it is saved."""
        return f"{self.job}-{self.first_index}" if self.first_index else self.job

    def keep(self, key: str, make: Callable[[], T]) -> T:
        """The value under `key`, made by `make` on first need and kept as long as the engine.

        The key says what the value is and where it came from, such as `models:<path>`. Whoever
        uses a key always means the same type by it.
        """
        if key not in self.kept:
            self.kept[key] = make()
        return cast("T", self.kept[key])


@runtime_checkable
class HoldsMemory(Protocol):
    """Something under `Context.keep` that can do with less; the next job brings it back."""

    def free_memory(self) -> None:
        """Let go of what takes memory."""
        ...


JobFunction = Callable[[dict[str, object], Context], Iterator[Event]]
"""A kind of work: a generator function of the request (as JSON) that tells events.

It yields at least once for each unit of work that should be cancellable, and ends by returning
(`Finished`), raising (`Failed`), or yielding a terminal event of its own.
"""
