"""What the engine offers: samplers, schedules and families, known to the page without torch."""

from collections.abc import Collection
from typing import Literal

from backend.schema.base import Frozen
from backend.schema.controls import PreprocessorInfo, SteeringInfo
from backend.schema.models import Need, Problem, Role


class SamplerInfo(Frozen):
    """A sampler, as the page offers it."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()
    """Other programs' names for it, such as `k_euler_a`; read wherever a sampler is named."""
    stochastic: bool = False
    order: int = 1
    calls_per_step: int = 1


class ScheduleInfo(Frozen):
    """A way to spread the noise levels over the steps."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()


class FamilyDefaults(Frozen):
    """The settings a family draws best with; a checkpoint's own side-car may replace them."""

    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    schedule: str
    guidance: float | None = None
    """Distilled guidance, for models that take it."""
    prompt: str = ""
    """Words that its makers have every prompt begin with; offered, never added unseen."""
    negative: str = ""
    """The same for the negative prompt."""


class PromptReading(Frozen):
    """How a family reads prompts."""

    width: int = 768
    """Of the vectors of its first CLIP encoder, which embeddings have to fit."""
    only_first_piece: bool = False
    """Whether CLIP hears the first 77 tokens alone, as the whole; T5 hears the words."""
    t5_tokens: int = 0
    """How many tokens T5 reads, with the end; 0 without T5."""
    t5_optional: bool = False
    """Whether it draws without T5 too."""
    deaf_to_weights: str = ""
    """What weights do not reach where T5 reads, as a sentence."""
    in_sentences: bool = False
    """Whether it learned from sentences; else tags and short phrases are as good."""


class VariantInfo(Frozen):
    """A variant of a family that wants settings of its own, such as Turbo."""

    id: str
    """As `ModelFile.variants` names it."""
    label: str
    defaults: FamilyDefaults
    note: str = ""
    """One sentence for a person who picks such a model."""
    reads: PromptReading | None = None
    """How it reads prompts, where not as its family."""


class FamilyInfo(Frozen):
    """A model family, such as SD 1.5."""

    id: str
    label: str
    defaults: FamilyDefaults
    variants: tuple[VariantInfo, ...] = ()
    """The first that a checkpoint has sets its defaults."""
    uses: tuple[str, ...] = ()
    """The ids of the special fields that have an effect, such as `sampling.guidance`."""
    size_multiple: int = 8
    """Width and height are multiples of this."""
    sizes: tuple[tuple[int, int], ...] = ()
    """Those that it draws best, wide ones; the same upright. None for a family that learned any."""
    reads: PromptReading = PromptReading()
    """How it reads prompts."""

    def defaults_for(self, variants: Collection[str]) -> FamilyDefaults:
        """The settings that a checkpoint with these variants draws best with."""
        return next((each.defaults for each in self.variants if each.id in variants), self.defaults)

    def reads_for(self, variants: Collection[str]) -> PromptReading:
        """How a checkpoint with these variants reads prompts."""
        own = (each.reads for each in self.variants if each.id in variants and each.reads)
        return next(own, self.reads)


class CheckpointInfo(Frozen):
    """A checkpoint in the library, with the settings it draws best with."""

    id: str
    name: str
    family: str
    """A family's id; one that cannot draw may be of none in the catalogue."""
    path: str
    bytes: int
    defaults: FamilyDefaults
    note: str = ""
    """One sentence for a person, e.g. what a small model can draw."""
    family_label: str = ""
    format: Literal["safetensors", "gguf", "folder"] = "folder"
    precision: str = ""
    """In short, such as `fp16` or `Q4_K_S`."""
    variants: tuple[str, ...] = ()
    prediction: Literal["", "epsilon", "v", "flow"] = ""
    needs: tuple[Need, ...] = ()
    """The parts that it does not hold."""
    missing: tuple[Need, ...] = ()
    """Those of them that it cannot draw without, and that are in no folder of the library."""
    problem: Problem | None = None
    """Why it cannot draw now, as a sentence with a next step; None where it can."""
    refiner: bool = False
    """Whether it only finishes what another checkpoint began."""
    width: int = 0
    """The channels of its network's first layer; 0 where unknown."""
    text_width: int = 0
    """The length of the vectors that its cross attention reads; 0 where it has none."""


class ComponentInfo(Frozen):
    """A VAE or text encoder in the library, for pickers."""

    id: str
    name: str
    role: Role
    fits: tuple[str, ...]
    """The ids of the families it fits."""
    meant_for: tuple[str, ...] = ()
    """Those that its name speaks of; it is never chosen by itself for another."""
    path: str
    bytes: int
    precision: str = ""


class Catalogue(Frozen):
    """Everything that can be chosen by name."""

    samplers: tuple[SamplerInfo, ...]
    schedules: tuple[ScheduleInfo, ...]
    families: tuple[FamilyInfo, ...]
    preprocessors: tuple[PreprocessorInfo, ...] = ()
    steering: tuple[SteeringInfo, ...] = ()
    """The kinds of control models that can be read."""
