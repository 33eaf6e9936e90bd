"""One step of a training: what is seen, how wrong the network is, and how it gets better."""

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from torch.optim import Optimizer

from backend.engine.families.base import Model
from backend.engine.memory.workplace import Workplace
from backend.engine.training.checkpointing import checkpointed
from backend.engine.training.examples import Batch, Examples
from backend.engine.training.keeping import Remembering
from backend.engine.training.learners import Learners
from backend.engine.training.objective import Noised, loss_of
from backend.engine.training.optimisers import optimiser_of, set_rate
from backend.engine.training.predicting import Prediction, prediction_of
from backend.engine.training.rates import share_at
from backend.engine.training.seeing import KEPT_EVERY, Seeing, Seen
from backend.schema.errors import ExplodedError
from backend.schema.training import ResolvedTraining

_GAIN = 128.0
"""What gradients are multiplied by within the network: half precision takes smaller ones for 0.

Source: Micikevicius et al. 2017, “Mixed Precision Training” (arXiv:1710.03740), section 3.2.
"""


@dataclass(frozen=True)
class Learned:
    """What came of a step."""

    loss: float
    rate: float
    gradient: float
    """Its length before it was clipped."""
    pictures: tuple[tuple[float, float], ...] = ()
    """The noise level of each picture, from 0 to 1, and its loss."""


@dataclass(frozen=True)
class Learning:
    """All that a step needs; nothing in it changes but what is learned."""

    prediction: Prediction
    workplace: Workplace
    """Where the network works."""
    wanted: ResolvedTraining
    seeing: Seeing
    learners: Learners
    average: Learners | None
    """The moving average of what was learned; None where there is none."""
    optimiser: Optimizer
    twice: bool = False
    """Whether each block of the network works twice, and keeps nothing meanwhile."""
    alone: bool = False
    """Whether the pictures of a batch are learned one after the other; their gradients add up."""

    @classmethod
    def of(cls, model: Model, wanted: ResolvedTraining, examples: Examples) -> Self:
        """At its beginning.

        Raises:
            TrainingError: When the checkpoint, or what was asked for of it, cannot learn.
        """
        asked, prediction = wanted.asked, prediction_of(model)
        learners = Learners.of(model, prediction.network, asked.network, asked.learning, asked.seed)
        average = learners.copied() if asked.learning.average else None
        optimiser = optimiser_of(learners.groups(), asked.learning)
        seeing = Seeing.of(wanted, examples)
        return cls(prediction, model.workplace, wanted, seeing, learners, average, optimiser)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.workplace.device

    @property
    def shown(self) -> Learners:
        """What comes of it: what was learned, or its average."""
        return self.average or self.learners

    @property
    def remembering(self) -> Remembering:
        """What a checkpoint keeps."""
        return Remembering(self.learners, self.average, self.optimiser)

    def step(self, number: int) -> Learned:
        """Take a step, counted from 0; chance follows from its number alone.

        Raises:
            ExplodedError: When numbers overflow; then nothing was learned from this step.
        """
        asked = self.wanted.asked
        parts = asked.learning.accumulation
        learned = [self._learn_from(number * parts + part) for part in range(parts)]
        pictures = tuple(each for some in learned for each in some)
        gradient = self._gradient()
        if not math.isfinite(gradient):
            self.optimiser.zero_grad()
            raise self._overflow(number)
        share = share_at(number, asked.learning)
        set_rate(self.optimiser, share)
        self.optimiser.step()
        self.optimiser.zero_grad()
        if self.average:
            self.average.near(self.learners, 1 - asked.learning.average)
        loss = sum(loss for _, loss in pictures) / len(pictures)
        return Learned(loss, asked.learning.learning_rate * share, gradient, pictures)

    def _gradient(self) -> float:
        """Bring all gradients to their size; returns their length before they were clipped."""
        parameters = self.learners.parameters
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.div_(_GAIN)
        longest = self.wanted.asked.learning.clip or math.inf
        return float(torch.nn.utils.clip_grad_norm_(parameters, longest))

    def _learn_from(self, micro: int) -> list[tuple[float, float]]:
        """Add the gradient of one batch; returns level and loss of what is to be learned."""
        own, *regular = self.seeing.seen(micro)
        learned = self._add_gradient(own)
        for each in regular:
            self._add_gradient(each)
        return learned

    def _add_gradient(self, seen: Seen) -> list[tuple[float, float]]:
        asked = self.wanted.asked
        levels, wanted = self._noised(seen.batch, seen.chance)
        counted = self.prediction.weights(wanted, asked.loss) * seen.weight
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=seen.chance)))  # for the dropout
        count, told = len(levels), list[float]()
        for rows in (slice(n, n + 1) for n in range(count)) if self.alone else (slice(0, count),):
            part = wanted.part(rows)
            with self._learning():
                said = self.prediction.said(self._read(seen.batch.part(rows)), part)
                losses = loss_of(said, part, counted[rows])
                self._back(losses.sum() / count)
            if seen.kept is not None:
                self._keep(seen.kept.part(rows), part, len(losses) / count)
            told += losses.tolist()
        return list(zip(levels.tolist(), told, strict=True))

    def _keep(self, kept: Batch, wanted: Noised, share: float) -> None:
        """Add the gradient of what is said of pictures without the trigger: it is to stay so."""
        with torch.no_grad(), self.workplace.at_work(self.prediction.network):
            before = self.prediction.said(kept, wanted).float()
        with self._learning():
            now = self.prediction.said(self._read(kept), wanted).float()
            counted = self.wanted.asked.loss.preservation * KEPT_EVERY * share
            self._back((now - before).square().mean() * counted)

    def _back(self, loss: Tensor) -> None:
        (loss / self.wanted.asked.learning.accumulation * _GAIN).backward()

    @contextmanager
    def _learning(self) -> Generator[None]:
        """Within, gradients are taken of what is learned."""
        network = self.prediction.network
        with (
            torch.enable_grad(),
            self.workplace.at_work(network),
            self.learners.walked(self.wanted.asked.network),
            checkpointed(network, on=self.twice),
        ):
            yield

    def _read(self, batch: Batch) -> Batch:
        """With its captions as text encoders read them that learn."""
        if not self.learners.texts:
            return batch
        states, pooled = self.learners.read(batch.captions)
        return replace(batch, states=states, pooled=pooled)

    def _noised(self, batch: Batch, chance: torch.Generator) -> tuple[Tensor, Noised]:
        """The noise levels of a batch, and the batch with that noise."""
        latents, asked = batch.latents.to(self.device), self.wanted.asked.loss
        levels = self.prediction.levels(latents, asked, chance)
        noise = torch.randn(latents.shape, generator=chance)
        if asked.noise_offset:
            shared = torch.randn(*latents.shape[:2], 1, 1, generator=chance)
            noise = noise + asked.noise_offset * shared
        return levels, self.prediction.noised(latents, noise.to(self.device), levels)

    def names_of(self, number: int) -> str:
        """The pictures of a step, counted from 0, in words."""
        parts = self.wanted.asked.learning.accumulation
        micros = range(number * parts, (number + 1) * parts)
        pictures = [each for micro in micros for each in self.seeing.pictures(micro)]
        return ", ".join(sorted({each.path for each in pictures}))

    def _overflow(self, number: int) -> ExplodedError:
        rate = self.wanted.asked.learning.learning_rate
        return ExplodedError(
            f"The numbers overflowed at step {number + 1}, while this was learned: "
            f"{self.names_of(number)}.",
            f"Look at these pictures, or choose a lower learning rate than {rate:g}; what "
            "was saved before is kept.",
        )
