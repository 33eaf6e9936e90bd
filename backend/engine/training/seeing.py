"""What a step sees: pictures with their captions, as chance has them.

All chance follows from the seed and the number of the batch.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from backend.dataset.batches import Batches
from backend.dataset.captions import without_trigger
from backend.engine.training.examples import Batch, Examples
from backend.schema.training import LearnedPicture, ResolvedTraining

KEPT_EVERY = 2
"""Batches, one of which is also looked at without its triggers, and counts for all of them."""


@dataclass(frozen=True)
class Seen:
    """The pictures of a batch."""

    batch: Batch
    chance: torch.Generator
    """For noise and what else is drawn for it."""
    weight: float = 1.0
    """How much they count."""
    kept: Batch | None = None
    """The same without their triggers, of which the same is to be said as ever; None for none."""


@dataclass(frozen=True)
class Seeing:
    """The pictures of a training in their order."""

    wanted: ResolvedTraining
    examples: Examples
    own: Batches
    """What is to be learned."""
    regular: Batches | None
    """What is to stay as it is; None where there is nothing."""

    @classmethod
    def of(cls, wanted: ResolvedTraining, examples: Examples) -> Self:
        """Pictures that are held back are not seen."""
        own = [not each.regular and not each.held_back for each in wanted.pictures]
        regular = [each.regular for each in wanted.pictures]
        keeping = any(regular) and wanted.asked.loss.prior_weight > 0
        others = _batches(wanted, regular, "regular") if keeping else None
        return cls(wanted, examples, _batches(wanted, own), others)

    def seen(self, micro: int) -> list[Seen]:
        """What is learned at once, and with it as much of what is to stay as it is.

        Args:
            micro: The number of the batch, from 0.

        Source: Ruiz et al. 2022, “DreamBooth” (arXiv:2208.12242), equation 2.
        """
        seen = [self._seen(self.own, micro, 1.0)]
        if self.regular is not None:
            seen.append(self._seen(self.regular, micro, self.wanted.asked.loss.prior_weight))
        return seen

    def pictures(self, micro: int) -> list[LearnedPicture]:
        """Those of a batch."""
        orders = filter(None, (self.own, self.regular))
        return [self.wanted.pictures[place] for each in orders for place in each.batch(micro)]

    def _seen(self, order: Batches, micro: int, weight: float) -> Seen:
        chance = order.chance(f"batch {micro}")
        keeping = order is self.own and self.wanted.asked.loss.preservation > 0
        due = keeping and micro % KEPT_EVERY == 0
        places: list[tuple[int, int]] = []
        captions: list[str] = []
        others: list[str] = []
        for place in order.batch(micro):
            places.append((place, self._variation(place, chance)))
            silent = chance.random() < self.wanted.asked.dataset.caption_dropout
            caption = self._caption(place, chance)
            captions.append("" if silent and not keeping else caption)
            if due:
                plain = without_trigger(caption, self.wanted.pictures[place].concept)
                others.append("" if silent else plain)
        numbers = torch.Generator().manual_seed(int(chance.integers(2**63)))
        kept = self.examples.batch(places, others) if due else None
        return Seen(self.examples.batch(places, captions), numbers, weight, kept)

    def _variation(self, place: int, chance: np.random.Generator) -> int:
        """The mirrored ones are behind the others."""
        flip = self.wanted.asked.dataset.flip
        count = len(self.examples.pictures[place]) // (2 if flip else 1)
        mirrored = bool(chance.random() < flip)
        return int(chance.integers(count)) + count * mirrored

    def _caption(self, place: int, chance: np.random.Generator) -> str:
        said = self.examples.captions[place]
        return said[int(chance.integers(len(said)))]


def _batches(wanted: ResolvedTraining, counting: list[bool], purpose: str = "") -> Batches:
    """The batches of those pictures that count, by their sizes."""
    groups: dict[tuple[int, int], list[int]] = {}
    for place, picture in enumerate(wanted.pictures):
        if counting[place]:
            groups.setdefault((picture.width, picture.height), []).append(place)
    repeats = [picture.repeats for picture in wanted.pictures]
    asked = wanted.asked
    return Batches.of(list(groups.values()), repeats, asked.learning.batch, asked.seed, purpose)
