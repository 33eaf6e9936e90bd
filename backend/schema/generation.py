"""What a person asks for (`GenerationRequest`) and what is made (`ResolvedRequest`)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from backend.schema.base import Frozen
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import FieldSpec, Scalar, Setting, field_specs, nested
from backend.schema.memory_settings import MemorySettings, ResolvedMemory
from backend.schema.model_settings import ModelSettings, RefinerSettings
from backend.schema.models import PartFacts, Role

MAXIMUM_SEED = 2**32 - 1
RANDOM_SEED = -1


class PromptSettings(Frozen):
    """The words."""

    positive: Annotated[
        str,
        Setting(
            label="Prompt",
            help="What the picture shows: the subject first, then setting, light and style.",
            simple=True,
            short_name="prompt",
        ),
    ] = ""
    negative: Annotated[
        str,
        Setting(
            label="Negative prompt",
            help="What the picture should not show.",
            short_name="negative_prompt",
            infotext="Negative prompt",
        ),
    ] = ""


class SizeSettings(Frozen):
    """The size of each picture in pixels."""

    width: Annotated[
        int | None,
        Setting(
            label="Width",
            help="Pixels across, in steps of 8. Models draw best near the size they learned.",
            minimum=64,
            maximum=4096,
            step=8,
            multiple_of=8,
            simple=True,
            short_name="width",
            infotext="Size-1",
        ),
    ] = None
    height: Annotated[
        int | None,
        Setting(
            label="Height",
            help="Pixels down, in steps of 8. Models draw best near the size they learned.",
            minimum=64,
            maximum=4096,
            step=8,
            multiple_of=8,
            simple=True,
            short_name="height",
            infotext="Size-2",
        ),
    ] = None


class SamplingSettings(Frozen):
    """How noise becomes a picture."""

    sampler: Annotated[
        str | None,
        Setting(
            label="Sampler",
            help="The method that removes the noise. DPM++ 2M is a good default.",
            choices="samplers",
            short_name="sampler",
            infotext="Sampler",
        ),
    ] = None
    schedule: Annotated[
        str | None,
        Setting(
            label="Schedule",
            help="How the noise levels are spread over the steps.",
            choices="schedules",
            short_name="scheduler",
            infotext="Schedule type",
        ),
    ] = None
    steps: Annotated[
        int | None,
        Setting(
            label="Steps",
            help="More steps take longer and settle detail; beyond 30 little changes.",
            minimum=1,
            maximum=150,
            step=1,
            simple=True,
            short_name="steps",
            infotext="Steps",
        ),
    ] = None
    cfg_scale: Annotated[
        float | None,
        Setting(
            label="CFG scale",
            help="How literally the prompt is taken. Too high burns colours.",
            minimum=1.0,
            maximum=30.0,
            step=0.5,
            short_name="cfg_scale",
            infotext="CFG scale",
        ),
    ] = None
    guidance: Annotated[
        float | None,
        Setting(
            label="Distilled guidance",
            help="How literally a guidance-distilled model takes the prompt; about 3.5 is usual.",
            minimum=0.0,
            maximum=30.0,
            step=0.1,
            special=True,
            short_name="guidance",
            infotext="Distilled CFG Scale",
        ),
    ] = None


class SeedSettings(Frozen):
    """The start of the noise."""

    value: Annotated[
        int,
        Setting(
            label="Seed",
            help="The same seed and settings give the same picture; -1 draws a new seed.",
            minimum=RANDOM_SEED,
            maximum=MAXIMUM_SEED,
            step=1,
            short_name="seed",
            infotext="Seed",
        ),
    ] = RANDOM_SEED


class BatchSettings(Frozen):
    """How many pictures; picture *i* of the request uses seed + *i*."""

    count: Annotated[
        int,
        Setting(
            label="Pictures",
            help="How many batches to make, one after the other.",
            minimum=1,
            maximum=100,
            step=1,
            simple=True,
            short_name="batch_count",
        ),
    ] = 1
    size: Annotated[
        int,
        Setting(
            label="Batch size",
            help="Pictures made at the same time. Faster for each picture, but takes more memory.",
            minimum=1,
            maximum=16,
            step=1,
            short_name="batch_size",
            infotext="Batch size",
        ),
    ] = 1

    @property
    def pictures(self) -> int:
        """How many pictures the request makes in all."""
        return self.count * self.size


class GenerationRequest(Frozen):
    """Everything a person can ask of a picture; an empty (`None`) field means "choose for me".

    Its field ids (`sampling.steps`) are stable: presets, metadata and grids refer to them.
    """

    version: Literal[1] = 1
    prompt: PromptSettings = PromptSettings()
    model: ModelSettings = ModelSettings()
    size: SizeSettings = SizeSettings()
    sampling: SamplingSettings = SamplingSettings()
    refiner: RefinerSettings = RefinerSettings()
    seed: SeedSettings = SeedSettings()
    batch: BatchSettings = BatchSettings()
    memory: MemorySettings = MemorySettings()

    @classmethod
    def from_fields(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from dotted ids; absent and empty fields keep their defaults.

        Raises:
            OutOfRangeError: When a value is outside its range; names the field in words.
        """
        given = {field_id: value for field_id, value in values.items() if value is not None}
        try:
            return cls.model_validate(nested(given))
        except ValidationError as error:
            raise _out_of_range(error) from error

    @classmethod
    def from_short_names(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from flat names (`cfg_scale`), as CLI flags and API arguments use them.

        Raises:
            OutOfRangeError: When a name is unknown or a value is outside its range.
        """
        ids = {spec.setting.short_name: spec.id for spec in GENERATION_FIELDS}
        for name in values:
            if name not in ids:
                known = ", ".join(sorted(ids))
                raise OutOfRangeError(
                    f"There is no setting called “{name}”.", f"Known settings: {known}.", name
                )
        return cls.from_fields({ids[name]: value for name, value in values.items()})

    def to_fields(self) -> dict[str, Scalar]:
        """Every field by its dotted id."""
        groups = self.model_dump()
        parts = [(spec.id, spec.id.partition(".")) for spec in GENERATION_FIELDS]
        return {field_id: groups[group][name] for field_id, (group, _, name) in parts}


GENERATION_FIELDS: tuple[FieldSpec, ...] = field_specs(GenerationRequest)


def _out_of_range(error: ValidationError) -> OutOfRangeError:
    first = error.errors()[0]
    field_id = ".".join(str(part) for part in first["loc"][:2])
    spec = next((spec for spec in GENERATION_FIELDS if spec.id == field_id), None)
    if spec is None:
        return OutOfRangeError(f"There is no setting called “{field_id}”.", "", field_id)
    setting = spec.setting
    hint = first["msg"].replace("Input should be", "It should be") + "."
    if setting.minimum is not None and setting.maximum is not None:
        hint = f"Choose a value from {_plain(setting.minimum)} to {_plain(setting.maximum)}"
        hint += f", in steps of {setting.multiple_of}." if setting.multiple_of else "."
    sentence = f"{setting.label} cannot be {first['input']!r}."
    return OutOfRangeError(sentence, hint, field_id)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


class ResolvedComponent(Frozen):
    """A part of a model that comes from a file of its own, found in the library."""

    role: Role
    id: str
    """The library's id: the path below its folder."""
    path: str


class ResolvedModel(Frozen):
    """The checkpoint, found in the library."""

    checkpoint: str
    """The library's id: the path below the models folder."""
    name: str
    path: str
    family: str
    sha256: str
    prediction: Literal["", "epsilon", "v", "flow"] = ""
    """What the network predicts; empty where the files say it to the engine themselves."""
    components: tuple[ResolvedComponent, ...] = ()
    """The parts that come from other files, in place of the checkpoint's own."""
    parts: tuple[PartFacts, ...] = ()
    """What it consists of; filled in before the job begins, like the fingerprint."""

    def component(self, role: Role) -> ResolvedComponent | None:
        """The separate file for a part; None where the checkpoint's own is used."""
        return next((part for part in self.components if part.role == role), None)


class ResolvedRefiner(Frozen):
    """The model that draws the last part of the steps."""

    model: ResolvedModel
    switch_at: float
    """The share of the steps after which it takes over."""


class ResolvedEmbedding(Frozen):
    """A textual-inversion embedding that a prompt names, found in the library."""

    name: str
    """As the prompt has it."""
    id: str
    """The library's id."""
    path: str


class ResolvedSize(Frozen):
    """The size of each picture in pixels, multiples of 8."""

    width: int
    height: int


class ResolvedSampling(Frozen):
    """Sampling with every choice made."""

    sampler: str
    schedule: str
    steps: int
    cfg_scale: float
    guidance: float | None = None
    """For guidance-distilled models only."""


class ResolvedRequest(Frozen):
    """A request with every "choose for me" replaced by a fact, as metadata records it."""

    version: Literal[1] = 1
    prompt: PromptSettings
    model: ResolvedModel
    size: ResolvedSize
    sampling: ResolvedSampling
    refiner: ResolvedRefiner | None = None
    seed: int
    """The seed of picture 0; picture *i* uses (seed + *i*) modulo 2³²."""
    batch: BatchSettings
    memory: ResolvedMemory = ResolvedMemory()
    expanded: Mapping[int, PromptSettings] = Field(default_factory=dict[int, PromptSettings])
    """What `prompt` became for each picture, by index; none where it leaves no choice."""
    embeddings: tuple[ResolvedEmbedding, ...] = ()
    """Those that the prompts name."""

    def prompt_of(self, index: int) -> PromptSettings:
        """The prompt of picture `index`, with its choices made."""
        return self.expanded[index] if self.expanded else self.prompt

    def prompts_of(self, indices: Sequence[int]) -> tuple[PromptSettings, ...]:
        """The prompt that some pictures share; one for each where `prompt` leaves a choice."""
        own = tuple(self.expanded[index] for index in indices if self.expanded)
        return own or (self.prompt,)

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`, counted from 0 over all batches."""
        return (self.seed + index) % (MAXIMUM_SEED + 1)

    def as_request(self, index: int = 0) -> GenerationRequest:
        """The request that makes picture `index` again.

        A picture keeps its batch size, because equal pixels need an equal batch shape; where it is
        alone in its batch, or has a prompt of its own, it is asked for alone. How it
        was made to fit is left open: that is the machine's matter.
        """
        size = 1 if self.expanded else self.batch.size
        first = index - index % size
        return GenerationRequest(
            prompt=self.prompt,
            model=self._model_settings(),
            size=SizeSettings(width=self.size.width, height=self.size.height),
            sampling=SamplingSettings(**self.sampling.model_dump()),
            refiner=self._refiner_settings(),
            seed=SeedSettings(value=self.seed_of(first)),
            batch=BatchSettings(count=1, size=size),
        )

    def _model_settings(self) -> ModelSettings:
        parts = {part.role: part.id for part in self.model.components}
        return ModelSettings(
            checkpoint=self.model.checkpoint,
            vae=parts.get("vae"),
            clip_l=parts.get("clip_l"),
            clip_g=parts.get("clip_g"),
            t5xxl=parts.get("t5xxl"),
        )

    def _refiner_settings(self) -> RefinerSettings:
        if self.refiner is None:
            return RefinerSettings()
        return RefinerSettings(
            checkpoint=self.refiner.model.checkpoint, switch_at=self.refiner.switch_at
        )
