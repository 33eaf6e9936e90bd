"""What of a checkpoint learns: its denoising network, and the text encoders that were asked for."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Self, cast

import torch
from torch import Tensor, nn

from backend.engine.families.base import Encoded, Model
from backend.engine.families.unet_model import UNetModel
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.reading import Reading
from backend.engine.training.optimisers import Group
from backend.engine.training.paths import OF_CLIP, Paths
from backend.prompts.attention import literally
from backend.schema.errors import TrainingError
from backend.schema.models import Role
from backend.schema.training_learning import LearningSettings
from backend.schema.training_network import NetworkSettings

_ENCODERS: tuple[Role, ...] = ("clip_l", "clip_h", "clip_g")
_SECOND: Role = "clip_g"
_LIVE = Reading(learning=True)


@dataclass(frozen=True)
class Learner:
    """A network with what is learned of it."""

    network: nn.Module
    paths: Paths
    rate: float
    """The learning rate at its highest."""


@dataclass(frozen=True)
class Learners:
    """All that learns."""

    model: Model
    network: Learner
    texts: Mapping[Role, Learner]
    """The text encoders that learn; captions are read anew at each step where there are any."""

    @classmethod
    def of(
        cls,
        model: Model,
        network: nn.Module,
        asked: NetworkSettings,
        learning: LearningSettings,
        seed: int,
    ) -> Self:
        """New ones, which change nothing yet.

        Raises:
            TrainingError: When the text encoders of such a checkpoint cannot learn.
        """
        network.requires_grad_(requires_grad=False)
        workplace = model.workplace
        with workplace.at_work(network):  # DoRA looks at the weights
            paths = Paths.beside(network, asked, seed, device=workplace.device)
        texts: dict[Role, Learner] = {}
        for role, rate in _rates(model, learning).items():
            encoder = model.workplace.parts[role].module
            encoder.requires_grad_(requires_grad=False)
            with workplace.at_work(encoder):
                own = Paths.beside(encoder, asked, seed, OF_CLIP, workplace.device)
            texts[role] = Learner(encoder, own, rate)
        return cls(model, Learner(network, paths, learning.learning_rate), texts)

    @property
    def every(self) -> tuple[Learner, ...]:
        """In a fixed order."""
        return (self.network, *self.texts.values())

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What learns, in a fixed order."""
        return [each for learner in self.every for each in learner.paths.parameters]

    def groups(self) -> list[Group]:
        """What learns at each rate."""
        return [Group(each.paths.parameters, each.rate) for each in self.every]

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """What was learned, by names of its own."""
        yield from self.network.paths.tensors()
        for role, learner in self.texts.items():
            for name, tensor in learner.paths.tensors():
                yield f"{role}/{name}", tensor

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what was learned before."""
        self.network.paths.load(tensors)
        for role, learner in self.texts.items():
            start = f"{role}/"
            own = {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
            learner.paths.load(own)

    def copied(self) -> Self:
        """The same, apart from these."""
        texts = {role: _copied(learner) for role, learner in self.texts.items()}
        return replace(self, network=_copied(self.network), texts=texts)

    def near(self, others: Self, share: float) -> None:
        """Go a share, from 0 to 1, of the way to others."""
        for own, other in zip(self.every, others.every, strict=True):
            own.paths.near(other.paths, share)

    @contextmanager
    def walked(self, asked: NetworkSettings | None = None) -> Generator[None]:
        """Within, the checkpoint computes with what was learned.

        Args:
            asked: How much is left out by torch's own chance, while it learns; None for nothing.
        """
        workplace = self.model.workplace
        with ExitStack() as stack:
            for each in self.every:
                stack.enter_context(each.paths.walked(each.network, asked))
            for role in self.texts:  # what they say now is not to be remembered for others
                stack.enter_context(_marked(workplace, role))
            yield

    def read(self, captions: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        """What the text encoders say of captions now, with gradients: states, and of the whole."""
        said = cast("UNetModel", self.model).encode([literally(each) for each in captions], _LIVE)
        pooled = [each.pooled for each in said if each.pooled is not None]
        return _states(said), torch.cat(pooled) if pooled else None


def _states(said: Sequence[Encoded]) -> Tensor:
    return torch.cat([each.states for each in said])


def _copied(learner: Learner) -> Learner:
    return replace(learner, paths=learner.paths.copied())


@contextmanager
def _marked(workplace: Workplace, role: Role) -> Generator[None]:
    """Within, nothing that a part says is taken for what it says otherwise, or later."""
    module = workplace.parts[role].module
    before = workplace.changed_by(module)
    workplace.mark(role, object())
    try:
        yield
    finally:
        workplace.mark(role, before)


def _rates(model: Model, learning: LearningSettings) -> dict[Role, float]:
    """The text encoders that learn, with their rates."""
    first, second = learning.text_rate, learning.second_text_rate
    rates: dict[Role, float] = {
        role: second if role == _SECOND and second is not None else first
        for role in _ENCODERS
        if role in model.workplace.parts
    }
    learn: dict[Role, float] = {role: rate for role, rate in rates.items() if rate > 0}
    if learn and not isinstance(model, UNetModel):
        raise TrainingError(
            "The text encoders of SD 3 and FLUX are not taught: T5 does most of the reading.",
            "Set the text encoder's rate to 0.",
        )
    return learn
