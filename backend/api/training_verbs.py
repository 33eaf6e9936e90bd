"""What the doors need of Studio to teach checkpoints."""

from pathlib import Path
from typing import Protocol

from backend.schema.catalogue import CheckpointInfo
from backend.schema.fields import Scalar
from backend.schema.jobs import Actor, JobView
from backend.schema.training import GoalAsked, TrainingRequest
from backend.schema.training_story import TrainingForecast, TrainingStory


class Training(Protocol):
    """Teaching a checkpoint something new."""

    def teachable(self, actor: Actor) -> tuple[CheckpointInfo, ...]:
        """The checkpoints that can be taught."""
        ...

    def settings(self, actor: Actor, asked: GoalAsked) -> dict[str, Scalar]:
        """The settings that follow from a goal, by their dotted ids."""
        ...

    def submit(self, actor: Actor, request: TrainingRequest) -> JobView:
        """Queue a training."""
        ...

    def forecast(self, actor: Actor, request: TrainingRequest) -> TrainingForecast:
        """What a training would take."""
        ...

    def resume(self, actor: Actor, job_id: str) -> JobView:
        """Go on with one that was ended early."""
        ...

    def last(self, actor: Actor) -> str:
        """The id of the last one that was ended."""
        ...


class Trainings(Protocol):
    """Looking at trainings and steering them."""

    def all(self, actor: Actor) -> tuple[TrainingStory, ...]:
        """Every training, the newest first, without its steps."""
        ...

    def story(self, actor: Actor, training: str, since: int = 0) -> TrainingStory:
        """All that is known of one, of its steps those after `since`."""
        ...

    def sample(self, actor: Actor, training: str, file: str) -> Path:
        """A sample picture of one."""
        ...

    def pause(self, actor: Actor, training: str) -> None:
        """End one for now; it is saved."""
        ...

    def resume(self, actor: Actor, training: str) -> JobView:
        """Go on with one that was ended early."""
        ...

    def prune(self, actor: Actor, training: str, step: int) -> None:
        """Remove a checkpoint with its LoRA."""
        ...

    def remove(self, actor: Actor, training: str) -> None:
        """Forget one with all but its LoRA."""
        ...
