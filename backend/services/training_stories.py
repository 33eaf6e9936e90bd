"""What trainings told on their way, and steering them."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from backend.places import Places
from backend.schema.errors import ExplodedError, NotFoundError, RequestError
from backend.schema.jobs import Actor, JobState, JobView
from backend.schema.training import ResolvedTraining
from backend.schema.training_story import (
    Begun,
    Diagnosis,
    KeptStep,
    Measured,
    TrainingState,
    TrainingStory,
)
from backend.services.jobs import Jobs
from backend.services.owner import only_the_owner
from backend.services.training import Training
from backend.training.change import changed
from backend.training.diagnosis import diagnoses
from backend.training.folder import TrainingFolder
from backend.training.growing import Histories
from backend.training.loras import lora_file_of, lora_of

_STATES: Mapping[JobState, TrainingState] = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "running",
    JobState.FINISHED: "finished",
    JobState.CANCELLED: "paused",
    JobState.FAILED: "failed",
    JobState.SET_ASIDE: "failed",
}
_SHOWN = 1000
"""Steps of a story; more would not be told apart on a screen."""

Told = TypeVar("Told")


class TrainingStories:
    """Looks at trainings, lets them pause and go on, and removes what is no longer wanted."""

    def __init__(
        self, training: Training, jobs: Jobs, places: Places, rescan: Callable[[], object]
    ) -> None:
        self._histories = Histories()
        self._rescan = rescan
        self._training = training
        self._jobs = jobs
        self._places = places

    def all(self, actor: Actor) -> tuple[TrainingStory, ...]:
        """Every training, the newest first, without its steps.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "see trainings")
        stories = [self._story(actor, each) for each in TrainingFolder.all(self._places)]
        return tuple(sorted(stories, key=lambda story: -story.created))

    def story(self, actor: Actor, training: str, since: int = 0) -> TrainingStory:
        """All that is known of a training.

        Args:
            actor: Who asks.
            training: Its id.
            since: Steps up to this one are left out.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
        """
        folder = self._folder(actor, training)
        measured, validated = self._histories.measured(folder), folder.validated()
        view = self._view(actor, folder.begun())
        broke = bool(view and view.failure and view.failure.code == ExplodedError.code)
        known = (*measured, _overflow(len(measured))) if broke else measured
        told = diagnoses(folder.begun().wanted.asked, known, validated, changed(folder))
        new = [each for each in measured if each.step > since]
        return self._story(actor, folder, measured[-1:], told).model_copy(
            update={"measured": _thinned(new), "validated": validated}
        )

    def sample(self, actor: Actor, training: str, file: str) -> Path:
        """A sample picture.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such training or picture.
        """
        folder = self._folder(actor, training)
        if file not in {each.file for each in folder.samples()}:
            raise NotFoundError("There is no such sample.", "Look at the training's story.")
        return folder.sample(file)

    def pause(self, actor: Actor, training: str) -> None:
        """End a training for now; it is saved, and goes on with `resume` exactly where it was.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
            RequestError: When it does not run.
        """
        folder = self._folder(actor, training)
        if self._story(actor, folder).state not in ("queued", "running"):
            raise RequestError("This training does not run.", "Let it go on, or begin another.")
        self._jobs.cancel(actor, folder.begun().job)

    def resume(self, actor: Actor, training: str) -> JobView:
        """Go on with a training that was ended early.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
            RequestError: When it runs.
        """
        return self._training.resume(actor, self._folder(actor, training).begun().job)

    def prune(self, actor: Actor, training: str, step: int) -> None:
        """Remove a checkpoint with its LoRA; that of the end stays.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such training or checkpoint.
            RequestError: When the training needs it to go on.
        """
        folder = self._folder(actor, training)
        kept, wanted = folder.kept(), folder.begun().wanted
        if step not in kept:
            raise NotFoundError("There is no such checkpoint.", "Look at the training's story.")
        if step == kept[-1] and self._story(actor, folder).state != "finished":
            raise RequestError(
                "The training goes on from this checkpoint.", "Remove it when all is done."
            )
        folder.prune(step)
        self._remove_lora(wanted, step)
        self._rescan()

    def remove(self, actor: Actor, training: str) -> None:
        """Forget a training with its checkpoints, their LoRAs and samples; its LoRA stays.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
            RequestError: When it runs.
        """
        folder = self._folder(actor, training)
        if self._story(actor, folder).state in ("queued", "running"):
            raise RequestError("This training still runs.", "Pause it first.")
        wanted = folder.begun().wanted
        for step in folder.kept():
            self._remove_lora(wanted, step)
        folder.remove()
        self._rescan()

    def _remove_lora(self, wanted: ResolvedTraining, step: int) -> None:
        """Remove a checkpoint's; where nothing else is in their folder, that goes as well."""
        if step == wanted.asked.learning.steps:
            return
        path = lora_file_of(self._places, wanted, step)
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()

    def _folder(self, actor: Actor, training: str) -> TrainingFolder:
        only_the_owner(actor, "see trainings")
        known = TrainingFolder.all(self._places)
        found = next((each for each in known if each.path.name == training), None)
        if found is None:
            raise NotFoundError("There is no such training.", "Look at the list.")
        return found

    def _story(
        self,
        actor: Actor,
        folder: TrainingFolder,
        last: Sequence[Measured] = (),
        told: tuple[Diagnosis, ...] = (),
    ) -> TrainingStory:
        begun, kept = folder.begun(), folder.kept()
        view, asked = self._view(actor, begun), begun.wanted.asked
        failure = view.failure if view else None
        steps = [each.step for each in last] + list(kept)
        if view and view.progress:
            steps.append(view.progress.step)
        return TrainingStory(
            id=begun.wanted.id,
            name=begun.wanted.name,
            job=begun.job,
            steps=asked.learning.steps,
            state=_STATES[view.state] if view else "paused",
            problem=f"{failure.sentence} {failure.hint}".strip() if failure else "",
            created=begun.created,
            checkpoint=begun.wanted.model.checkpoint,
            asked=asked,
            reached=max(steps, default=0),
            prompts=tuple(each.prompt.positive for each in begun.wanted.samples),
            samples=folder.samples(),
            kept=tuple(
                KeptStep(step=each, size=folder.size_of(each), lora=lora_of(begun.wanted, each))
                for each in kept
            ),
            diagnoses=told,
        )

    def _view(self, actor: Actor, begun: Begun) -> JobView | None:
        """The job that works on it; None where the journal was lost."""
        try:
            return self._jobs.view(actor, begun.job)
        except NotFoundError:
            return None


def _overflow(steps: int) -> Measured:
    """What a step that broke came to; it is not in the history."""
    lost = math.inf
    return Measured(step=steps + 1, loss=lost, average=lost, rate=0.0, gradient=lost, seconds=0.0)


def _thinned(measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """At most so many as are shown, the last among them."""
    every = -(-len(measured) // _SHOWN) or 1
    return tuple(measured[::-every][::-1])
