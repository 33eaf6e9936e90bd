"""Teaching a checkpoint something new."""

import secrets
from collections.abc import Mapping
from functools import partial
from itertools import chain, count
from pathlib import Path

from backend.dataset.buckets import Grid
from backend.dataset.glances import Glances
from backend.dataset.learned import learned_pictures
from backend.jobs.board import Board
from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.library.places_of_models import checked_name
from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.errors import ModelError, NotFoundError, RequestError
from backend.schema.fields import Scalar
from backend.schema.jobs import Actor, Job, JobView
from backend.schema.model_settings import ModelSettings
from backend.schema.training import GoalAsked, ResolvedTraining, TrainingRequest
from backend.schema.training_story import Begun, TrainingForecast
from backend.services.components import resolve_model
from backend.services.generation import Generation
from backend.services.owner import only_the_owner
from backend.services.training_forecast import Foretelling
from backend.services.training_samples import sample_requests
from backend.training.folder import TrainingFolder
from backend.training.goals import settings_of

KIND = "train"
_LEARN = ("sd15", "sd2", "sdxl", "sd3", "sd35_medium", "sd35_large", "flux1")
"""The families that can be taught."""
_REPAINTS = "learned to repaint pictures, and cannot be taught from pictures alone."
_USES = "this one can use the LoRA, too."
_REFUSED: Mapping[str, tuple[str, str]] = {
    "schnell": (
        "was made to draw in four steps, and would forget that while it learns.",
        f"Teach FLUX.1 dev; {_USES}",
    ),
    "fill": (_REPAINTS, f"Teach FLUX.1 dev; {_USES}"),
    "inpainting": (_REPAINTS, f"Teach the checkpoint that it was made from; {_USES}"),
}
"""Why some variants of these are not, as the end of a sentence, and what to do."""


class Training:
    """Turns pictures into a job that learns from them."""

    def __init__(
        self,
        queue: JobQueue,
        board: Board,
        library: Library,
        catalogue: Catalogue,
        generation: Generation,
        foretelling: Foretelling,
    ) -> None:
        self._generation = generation
        self._foretelling = foretelling
        self._glances = Glances()
        self._queue = queue
        self._board = board
        self._library = library
        self._catalogue = catalogue
        self._places = foretelling.places

    def teachable(self, actor: Actor) -> tuple[CheckpointInfo, ...]:  # noqa: ARG002
        """The checkpoints that can be taught, the starter last."""
        there = self._library.checkpoints()
        return tuple(each for each in there if not each.problem and _refusal(each) is None)

    def settings(self, actor: Actor, asked: GoalAsked) -> dict[str, Scalar]:
        """The settings that follow from a goal, by their dotted ids.

        Raises:
            NotAllowedError: When a guest asks.
            ModelError: When the checkpoint is not there, or cannot be taught.
        """
        only_the_owner(actor, "train", "Ask the owner for it.")
        checkpoint = self._checkpoint(asked.checkpoint)
        side = checkpoint.defaults.width
        return settings_of(
            asked.goal, checkpoint.family, side, asked.pictures, trigger=asked.trigger
        )

    def submit(self, actor: Actor, request: TrainingRequest) -> JobView:
        """Queue a training; every picture is looked at first.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such folder, or no picture in it.
            ModelError: When the checkpoint is not there, or cannot be taught.
            RequestError: When the name is none, or is taken.
            OutputError: When the data folder cannot be written.
        """
        only_the_owner(actor, "train", "Ask the owner for it.")
        wanted = self._resolved(actor, request)
        return self._queue_up(actor, self._foretelling.prepared(wanted))

    def forecast(self, actor: Actor, request: TrainingRequest) -> TrainingForecast:
        """What a training would take.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such folder, or no picture in it.
            ModelError: When the checkpoint is not there, or cannot be taught.
            RequestError: When the name is none, or is taken.
        """
        only_the_owner(actor, "train", "Ask the owner for it.")
        return self._foretelling.forecast(self._resolved(actor, request))

    def resume(self, actor: Actor, job_id: str) -> JobView:
        """Go on with a training that was ended early, from where it was saved last.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such job.
            RequestError: When it is no training, or still runs.
        """
        only_the_owner(actor, "train", "Ask the owner for it.")
        job = self._board.get(job_id).job
        if job.kind != KIND:
            raise RequestError("This job is no training.", "Name one that was ended early.")
        if not job.state.ended:
            raise RequestError("This training still runs.", "Wait for it, or end it first.")
        return self._queue_up(actor, job.training)

    def last(self, actor: Actor) -> str:
        """The id of the last training that was ended.

        Raises:
            NotFoundError: When there is none.
        """
        only_the_owner(actor, "train", "Ask the owner for it.")
        ended = self._board.ended(KIND)
        if not ended:
            raise NotFoundError("No training was ended early.", "Begin one.")
        return ended[-1].id

    def _queue_up(self, actor: Actor, wanted: ResolvedTraining) -> JobView:
        job = Job.asked(KIND, actor, wanted)
        begun = Begun(job=job.id, owner=job.owner, created=job.created, wanted=wanted)
        TrainingFolder.of(self._places, wanted.id).begin(begun)
        return self._queue.submit(job).view()

    def _resolved(self, actor: Actor, request: TrainingRequest) -> ResolvedTraining:
        checkpoint = self._checkpoint(request.checkpoint)
        request = self._following(actor, request)
        uses = next(each.uses for each in self._catalogue.families if each.id == checkpoint.family)
        resolution = request.dataset.resolution or checkpoint.defaults.width
        pictures = learned_pictures(request.dataset, Grid.of(resolution), self._glances.look)
        looks = self._generation.looks(actor)
        resolve = partial(self._generation.resolved, actor, look=looks)
        return ResolvedTraining(
            id=secrets.token_hex(6),
            asked=request,
            model=resolve_model(checkpoint, ModelSettings(), self._library, uses),
            resolution=resolution,
            pictures=pictures,
            name=self._name(request),
            samples=sample_requests(request.samples, checkpoint.id, pictures, resolve),
        )

    def _following(self, actor: Actor, request: TrainingRequest) -> TrainingRequest:
        """With all that follows from its goal, where nothing else was asked for."""
        if request.goal is None:
            return request
        grid = Grid.of(request.dataset.resolution or 512)
        pictures = learned_pictures(request.dataset, grid, self._glances.look)
        own = sum(each.repeats for each in pictures if not each.regular)
        asked = GoalAsked(
            goal=request.goal,
            checkpoint=request.checkpoint,
            pictures=own,
            trigger=bool(request.dataset.trigger),
        )
        return request.filled(self.settings(actor, asked))

    def _checkpoint(self, name: str | None) -> CheckpointInfo:
        checkpoint = self._library.find(name, anywhere=True)
        refusal = _refusal(checkpoint)
        if refusal is not None:
            raise refusal
        return checkpoint

    def _name(self, request: TrainingRequest) -> str:
        """What the file is called; a number is added to a name that nobody chose."""
        if request.name:
            name = checked_name(request.name)
            if self._taken(name):
                raise RequestError(
                    f"There is a LoRA {name} already.", "Choose another name, or move it away."
                )
            return name
        folder = Path(request.dataset.folder).expanduser().absolute()
        usual = checked_name(request.dataset.trigger or folder.name)
        numbered = (f"{usual}-{number}" for number in count(2))
        return next(name for name in chain([usual], numbered) if not self._taken(name))

    def _taken(self, name: str) -> bool:
        """Whether a file has it, or another training will write it."""
        loras = self._places.models / "loras"
        if (loras / f"{name}.safetensors").exists() or (loras / name).exists():
            return True
        begun = (each.begun().wanted for each in TrainingFolder.all(self._places))
        return any(each.name == name for each in begun)


def _refusal(checkpoint: CheckpointInfo) -> ModelError | None:
    """Why a checkpoint cannot be taught; None where it can."""
    label = checkpoint.family_label or checkpoint.family
    if checkpoint.family not in _LEARN or checkpoint.refiner:
        return ModelError(
            f"“{checkpoint.name}” ({label}) cannot be taught.",
            "Choose a checkpoint of SD 1.5, SD 2, SDXL, SD 3 or FLUX.1 dev.",
        )
    variant = next((each for each in checkpoint.variants if each in _REFUSED), None)
    if variant is not None:
        reason, hint = _REFUSED[variant]
        return ModelError(f"“{checkpoint.name}” {reason}", hint)
    return None
