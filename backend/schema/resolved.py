"""What is made (`ResolvedRequest`): a request with every choice made, as metadata records it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.control_settings import ControlSettings
from backend.schema.controls import ResolvedControl
from backend.schema.generation import GenerationRequest
from backend.schema.hires import ResolvedHires
from backend.schema.hires_settings import HiresSettings
from backend.schema.memory_settings import ResolvedMemory
from backend.schema.model_settings import ModelSettings, RefinerSettings
from backend.schema.models import PartFacts, Role
from backend.schema.output_settings import OutputSettings
from backend.schema.picture_settings import (
    BatchSettings,
    PromptSettings,
    Seamless,
    SizeSettings,
)
from backend.schema.sampling_settings import (
    MAXIMUM_SEED,
    NoiseOrigin,
    SamplingSettings,
    SeedSettings,
    TerminalNoise,
)
from backend.schema.source_settings import MaskSettings, ResolvedSource, SourceSettings


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


class ResolvedLora(Frozen):
    """An adapter that a prompt names, found in the library; how strongly is said by the prompts."""

    name: str
    """As the prompt has it."""
    id: str
    """The library's id."""
    path: str
    sha256: str = ""
    """Filled in before the job begins, like the checkpoint's."""
    tensors: str = ""
    """A1111's hash of the numbers alone, for infotext."""


class ResolvedSize(Frozen):
    """The size of each picture in pixels, multiples of what the family needs."""

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
    cfg_rescale: float = 0.0
    """How much of the contrast that guidance adds is taken back, from 0 to 1."""
    terminal_noise: TerminalNoise | None = None
    """Where it begins; None as the checkpoint says."""


class ResolvedVariation(Frozen):
    """Noise of another seed that is mixed in."""

    seed: int
    """Picture 0's; picture *i* uses (seed + *i*) modulo 2³²."""
    strength: float
    """Above 0; at 1 nothing of the request's own seed is left."""


class ResolvedRequest(Frozen):
    """A request with every "choose for me" replaced by a fact, as metadata records it."""

    version: Literal[1] = 1
    prompt: PromptSettings
    model: ResolvedModel
    size: ResolvedSize
    """What is drawn at once; the picture itself may be larger where only a part of it changes."""
    seamless: Seamless = "none"
    source: ResolvedSource | None = None
    """The picture that drawing begins with; None for text to image."""
    sampling: ResolvedSampling
    controls: tuple[ResolvedControl, ...] = ()
    """The pictures that steer it."""
    refiner: ResolvedRefiner | None = None
    hires: ResolvedHires | None = None
    """How the picture is enlarged and drawn again; None where it is not."""
    clip_skip: int = 1
    """How far from its end CLIP is read; 1 is after its last layer."""
    seed: int
    """The seed of picture 0; picture *i* uses (seed + *i*) modulo 2³², unless it is varied."""
    variation: ResolvedVariation | None = None
    """Where there is one, all pictures have the same seed, and each a variation of its own."""
    noise: NoiseOrigin = "cpu"
    batch: BatchSettings
    memory: ResolvedMemory = ResolvedMemory()
    output: OutputSettings = OutputSettings()
    expanded: Mapping[int, PromptSettings] = Field(default_factory=dict[int, PromptSettings])
    """What `prompt` became for each picture, by index; none where it leaves no choice."""
    embeddings: tuple[ResolvedEmbedding, ...] = ()
    """Those that the prompts name."""
    loras: tuple[ResolvedLora, ...] = ()
    """Those that the prompts of the pictures name, each once."""
    preview_decoder: str | None = None
    """The path of a tiny decoder for the previews, which the picture does not depend on."""

    @property
    def pictures(self) -> int:
        """How many it makes in all."""
        return self.batch.pictures

    @property
    def batch_size(self) -> int:
        """How many at once."""
        return self.batch.size

    @property
    def in_order(self) -> Sequence[int]:
        """Their places, in the order in which they are made."""
        return range(self.pictures)

    def prompt_of(self, index: int) -> PromptSettings:
        """The prompt of picture `index`, with its choices made."""
        return self.expanded[index] if self.expanded else self.prompt

    def second_prompt_of(self, index: int) -> PromptSettings:
        """What picture `index` shows where it is drawn again, larger."""
        first = self.prompt_of(index)
        return self.hires.prompt_for(index, first) if self.hires else first

    @property
    def all_prompts(self) -> tuple[PromptSettings, ...]:
        """Those of all pictures and passes, each once."""
        indices = range(self.batch.pictures)
        each = (self.prompt_of, self.second_prompt_of)
        return tuple(dict.fromkeys(prompt(index) for index in indices for prompt in each))

    def prompts_of(self, indices: Sequence[int]) -> tuple[PromptSettings, ...]:
        """The prompt that some pictures share; one for each where `prompt` leaves a choice."""
        own = tuple(self.expanded[index] for index in indices if self.expanded)
        return own or (self.prompt,)

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`, counted from 0 over all batches."""
        return self.seed if self.variation else (self.seed + index) % (MAXIMUM_SEED + 1)

    def variation_of(self, index: int) -> ResolvedVariation | None:
        """The variation of picture `index`."""
        if self.variation is None:
            return None
        seed = (self.variation.seed + index) % (MAXIMUM_SEED + 1)
        return self.variation.model_copy(update={"seed": seed})

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
            size=self._size_settings(),
            **self._source_settings(),
            **self._control_settings(),
            sampling=SamplingSettings(**self.sampling.model_dump()),
            refiner=self._refiner_settings(),
            hires=self._hires_settings(),
            seed=self._seed_settings(first),
            batch=BatchSettings(count=1, size=size),
            output=self.output,
        )

    @property
    def steps_taken(self) -> int:
        """How many steps are taken: fewer than asked for where a picture is changed a little."""
        steps = self.sampling.steps
        return steps if self.source is None else self.source.steps_taken(steps)

    @property
    def result_size(self) -> ResolvedSize:
        """The size of the pictures, which may be enlarged after they were drawn first."""
        if self.hires is None:
            return self.size
        width, height = self.hires.sizes[-1]
        return ResolvedSize(width=width, height=height)

    @property
    def steps_in_all(self) -> int:
        """How many steps are taken in all passes."""
        return self.steps_taken + (self.hires.steps_in_all if self.hires else 0)

    def _size_settings(self) -> SizeSettings:
        """The size; none where it follows the picture, since it would ask for another result."""
        source = self.source
        if source and source.keeps_size and not (source.mask and source.mask.area == "masked"):
            return SizeSettings(seamless=self.seamless)
        width, height = self.size.width, self.size.height
        return SizeSettings(width=width, height=height, seamless=self.seamless)

    def _source_settings(self) -> dict[str, Any]:
        """The groups of the request that say what drawing begins with."""
        source = self.source
        if source is None:
            return {}
        first = SourceSettings(
            picture=source.picture.reference, strength=source.strength, fit=source.fit
        )
        groups = {"source": first, "outpaint": source.outpaint}
        if source.mask is None:
            return groups
        own = source.mask.model_dump(exclude={"picture"})
        reference = source.mask.picture and source.mask.picture.reference
        return {**groups, "mask": MaskSettings(picture=reference, **own)}

    def _control_settings(self) -> dict[str, Any]:
        """The groups of the request that say what steers, by their names."""
        return {f"control{each.number}": _as_unit(each) for each in self.controls}

    def _model_settings(self) -> ModelSettings:
        parts = {part.role: part.id for part in self.model.components}
        return ModelSettings(
            checkpoint=self.model.checkpoint,
            clip_skip=self.clip_skip,
            vae=parts.get("vae"),
            clip_l=parts.get("clip_l"),
            clip_g=parts.get("clip_g"),
            t5xxl=parts.get("t5xxl"),
        )

    def _seed_settings(self, first: int) -> SeedSettings:
        plain = SeedSettings(value=self.seed_of(first), noise=self.noise)
        variation = self.variation_of(first)
        if variation is None:
            return plain
        varied = {"variation": variation.seed, "variation_strength": variation.strength}
        return plain.model_copy(update=varied)

    def _hires_settings(self) -> HiresSettings:
        sampling = self.sampling
        if self.hires is None:
            return HiresSettings()
        return self.hires.as_settings(sampling.sampler, sampling.schedule)

    def _refiner_settings(self) -> RefinerSettings:
        if self.refiner is None:
            return RefinerSettings()
        return RefinerSettings(
            checkpoint=self.refiner.model.checkpoint, switch_at=self.refiner.switch_at
        )


def _as_unit(control: ResolvedControl) -> ControlSettings:
    """The settings that ask for a unit again."""
    return ControlSettings(
        picture=control.picture and control.picture.reference,
        mask=control.mask and control.mask.reference,
        preprocessor=control.preprocessor,
        model=control.model.id,
        type=control.type,
        weight=control.weight,
        start=control.start,
        end=control.end,
        mode=control.mode,
        fit=control.fit,
        resolution=control.resolution,
        threshold_a=control.threshold_a,
        threshold_b=control.threshold_b,
        low_vram="on" if control.low_vram else "off",
    )
