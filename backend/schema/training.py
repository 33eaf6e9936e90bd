"""Teaching a checkpoint something new as a LoRA: what a person asks for, and what is made of it."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, cast

from pydantic import Field, ValidationError

from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.fields import FieldSpec, Scalar, Setting, field_specs, nested
from backend.schema.generation import out_of_range
from backend.schema.resolved import ResolvedModel, ResolvedRequest
from backend.schema.sampling_settings import MAXIMUM_SEED
from backend.schema.training_data import DatasetSettings
from backend.schema.training_learning import LearningSettings, LossSettings
from backend.schema.training_making import FileSettings, SampleSettings, TrainingMemory
from backend.schema.training_network import NetworkSettings
from backend.schema.training_way import LearningWay

Goal = Literal["style", "character", "likeness", "object"]
"""What is to be learned, from which all other settings can follow."""


class TrainingRequest(Frozen):
    """Everything a person can ask of a training."""

    version: Literal[1] = 1
    goal: Annotated[
        Goal | None,
        Setting(
            label="Goal",
            help="What is to be learned; all settings that are left open follow from it.",
            options={
                "style": "A style",
                "character": "A character",
                "likeness": "A person's likeness",
                "object": "A thing",
            },
            short_name="goal",
        ),
    ] = None
    dataset: DatasetSettings = DatasetSettings()
    checkpoint: Annotated[
        str | None,
        Setting(
            label="Checkpoint",
            help="What learns: pictures of all checkpoints of its family can use the LoRA.",
            short_name="model",
        ),
    ] = None
    network: NetworkSettings = NetworkSettings()
    learning: LearningSettings = LearningSettings()
    loss: LossSettings = LossSettings()
    samples: SampleSettings = SampleSettings()
    memory: TrainingMemory = TrainingMemory()
    file: FileSettings = FileSettings()
    save_every: Annotated[
        int,
        Setting(
            label="Save every",
            help="Steps between two checkpoints of the training; all are kept.",
            minimum=1,
            maximum=100_000,
            step=1,
            short_name="save_every",
        ),
    ] = 250
    seed: Annotated[
        int,
        Setting(
            label="Seed",
            help="The same seed and settings learn the same.",
            minimum=0,
            maximum=MAXIMUM_SEED,
            step=1,
            short_name="seed",
        ),
    ] = 0
    name: Annotated[
        str,
        Setting(
            label="Name",
            help="What the LoRA's file is called, without its ending.",
            short_name="name",
        ),
    ] = ""

    @classmethod
    def from_short_names(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from flat names, as CLI flags and API arguments use them.

        Raises:
            RequestError: When a name is unknown.
            OutOfRangeError: When a value is outside its range; names the field in words.
        """
        ids = {spec.setting.short_name: spec.id for spec in TRAINING_FIELDS}
        unknown = next((name for name in values if name not in ids), None)
        if unknown is not None:
            known = ", ".join(sorted(ids))
            raise RequestError(f"There is no setting called “{unknown}”.", f"There are: {known}.")
        given = {ids[name]: value for name, value in values.items() if value not in (None, "")}
        alone = {name: value for name, value in given.items() if "." not in name}
        grouped = nested({name: value for name, value in given.items() if "." in name})
        try:
            return cls.model_validate({**alone, **grouped})
        except ValidationError as error:
            raise out_of_range(error, TRAINING_FIELDS) from error

    def filled(self, settings: Mapping[str, Scalar]) -> Self:
        """With these settings, by dotted id, where nothing else was asked for."""
        alone = {name: value for name, value in settings.items() if "." not in name}
        following = {**alone, **nested({k: v for k, v in settings.items() if "." in k})}
        return self.model_validate(_over(following, self.model_dump(exclude_unset=True)))


def _over(following: Mapping[str, object], asked: Mapping[str, object]) -> dict[str, object]:
    """What was asked for, and what follows where nothing was."""
    merged = dict(following)
    for name, value in asked.items():
        if isinstance(value, dict):
            group = cast("dict[str, object]", following.get(name, {}))
            merged[name] = {**group, **cast("dict[str, object]", value)}
        else:
            merged[name] = value
    return merged


TRAINING_FIELDS: tuple[FieldSpec, ...] = field_specs(TrainingRequest)


class GoalAsked(Frozen):
    """What settings follow from."""

    goal: Goal
    checkpoint: str | None = None
    pictures: int = Field(ge=0)
    """Each as often as it counts."""
    trigger: bool = True
    """Whether a word calls what is learned."""


class LearnedPicture(Frozen):
    """A picture that is learned from, with every choice made."""

    path: str
    caption: str
    """With the trigger word in front."""
    repeats: int
    width: int
    """At which it is learned."""
    height: int
    concept: str = ""
    """The trigger word that calls it."""
    held_back: bool = False
    """Not learned: it tells whether the others are learned by heart."""
    regular: bool = False
    """A regularisation picture: it keeps the rest of its class as it is."""


class ResolvedTraining(Frozen):
    """A training with every choice made, as the job holds it."""

    version: Literal[1] = 1
    id: str
    """Of its checkpoints; a job that goes on with it has the same."""
    asked: TrainingRequest
    model: ResolvedModel
    resolution: int
    pictures: tuple[LearnedPicture, ...]
    name: str
    """What the file is called, without its ending; no other file has it."""
    samples: tuple[ResolvedRequest, ...] = ()
    """The pictures that show how far it is, each one of a prompt, without the LoRA."""
    way: LearningWay | None = None
    """How it is made to fit; None where that is not known, and all stays on the device."""
