"""Which pictures are learned together at each step.

It follows from seed and step alone, so that a training that was interrupted goes on as if it had
not been. Pictures of one size are learned together; a group that does not fill its last batch
takes some of its pictures once more, so that every picture is learned.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

Place = int
"""Of a picture in the dataset."""


@dataclass(frozen=True)
class Batches:
    """The batches of a training without end."""

    groups: tuple[tuple[Place, ...], ...]
    """The pictures of each size, each as often as it counts."""
    size: int
    """How many are learned at once."""
    seed: int
    purpose: str = ""
    """Keeps the chance of several of one seed apart."""

    @classmethod
    def of(
        cls,
        groups: Sequence[Sequence[Place]],
        repeats: Sequence[int],
        size: int,
        seed: int,
        purpose: str = "",
    ) -> Self:
        """The batches of pictures.

        Args:
            groups: The pictures of each size.
            repeats: How often each picture counts, by its place.
            size: How many are learned at once.
            seed: What chance follows from.
            purpose: Keeps the chance of several of one seed apart.
        """
        counted = tuple(
            tuple(place for place in group for _ in range(repeats[place])) for group in groups
        )
        return cls(tuple(filter(None, counted)), size, seed, purpose)

    @cached_property
    def in_a_round(self) -> int:
        """How many batches there are until every picture was learned as often as it counts."""
        return sum(-(-len(group) // self.size) for group in self.groups)

    def batch(self, step: int) -> tuple[Place, ...]:
        """The pictures of a step, counted from 0."""
        number, place = divmod(step, self.in_a_round)
        return self._round(number)[place]

    def _round(self, number: int) -> list[tuple[Place, ...]]:
        """All batches of a round, in its order."""
        random = self.chance(f"round {number}")
        made = [batch for group in self.groups for batch in self._filled(group, random)]
        return [made[place] for place in random.permutation(len(made))]

    def _filled(
        self, group: tuple[Place, ...], random: np.random.Generator
    ) -> list[tuple[Place, ...]]:
        shuffled = [group[place] for place in random.permutation(len(group))]
        missing = -len(shuffled) % self.size
        again = [shuffled[place % len(shuffled)] for place in range(missing)]
        whole = [*shuffled, *again]
        return [
            tuple(whole[start : start + self.size]) for start in range(0, len(whole), self.size)
        ]

    def chance(self, what: str) -> np.random.Generator:
        """Chance for one purpose, which no other draw moves."""
        digest = hashlib.blake2b(
            f"{self.seed}/{self.purpose}{what}".encode(), digest_size=8
        ).digest()
        return np.random.default_rng(int.from_bytes(digest, "little"))
