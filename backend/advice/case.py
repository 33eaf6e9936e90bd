"""A picture that is to be drawn, or was, with all that rules look at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from backend.advice.usual import Usual
from backend.prompts.tags import LoraTag
from backend.schema.catalogue import (
    Catalogue,
    CheckpointInfo,
    ComponentInfo,
    FamilyDefaults,
    FamilyInfo,
    SamplerInfo,
)
from backend.schema.events import Remedy
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.picture_settings import SizeSettings
from backend.schema.resolved import ResolvedRequest

AS_LCM: Mapping[str, Scalar] = {
    "steps": 6,
    "cfg_scale": 1.5,
    "sampler": "lcm",
    "schedule": "sgm_uniform",
}
"""How a model with an LCM LoRA is drawn with. Source: latent-consistency's model cards."""
_DISTILLING = {
    re.compile(r"(?<![a-z])lcm(?![a-z])"): AS_LCM,
    re.compile(r"(?<![a-z])(turbo|lightning|hyper)(?![a-z])"): {"steps": 8, "cfg_scale": 1.0},
}
"""LoRAs that make a model draw in few steps say so by their names."""
_SIZES = ("size.width", "size.height")
_LABELS = {spec.id: spec.setting.label for spec in GENERATION_FIELDS}
_CHOICES = {spec.id: spec.setting.choices for spec in GENERATION_FIELDS}


@dataclass(frozen=True)
class UsedLora:
    """A LoRA that the prompt names and that is in the library."""

    tag: LoraTag
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    """The weight that its maker recommends."""

    @property
    def changed(self) -> Mapping[str, object]:
        """What it makes other settings best, where it was distilled to draw in few steps."""
        known = (way for words, way in _DISTILLING.items() if words.search(self.tag.name.lower()))
        return next(known, {})


@dataclass(frozen=True)
class Around:
    """What there is beside the request."""

    loras: tuple[UsedLora, ...] = ()
    vae: ComponentInfo | None = None
    """A VAE in a file of its own that fits."""
    quick_checkpoint: CheckpointInfo | None = None
    """A distilled checkpoint of the same family."""
    quick_lora: str = ""
    """The name of an LCM LoRA that fits."""
    device: str = ""
    """What computes, as people call it; empty while nobody knows."""
    on_processor: bool = False


@dataclass(frozen=True)
class Case:
    """A request with its checkpoint, and what is usual for that."""

    wanted: ResolvedRequest
    checkpoint: CheckpointInfo
    family: FamilyInfo
    catalogue: Catalogue
    around: Around = Around()
    asked: SizeSettings = field(default_factory=SizeSettings)
    """The size as it was asked for; `wanted` has the one that the family can draw."""

    @cached_property
    def distilling(self) -> UsedLora | None:
        """The LoRA that makes it draw in few steps, where the prompt names one."""
        return next((lora for lora in self.around.loras if lora.changed), None)

    @cached_property
    def best(self) -> FamilyDefaults:
        """The settings that it draws best with, also with a LoRA that changes them."""
        changed = self.distilling.changed if self.distilling else {}
        return self.checkpoint.defaults.model_copy(update=changed)

    @cached_property
    def usual(self) -> Usual:
        """The ranges in which its settings give good pictures."""
        return Usual.of(self.best, flows=self.flows)

    @property
    def flows(self) -> bool:
        """Whether noise takes the picture's place, as in SD 3 and FLUX."""
        return self.checkpoint.prediction == "flow"

    @property
    def label(self) -> str:
        """The family, with what else sets its defaults: “SDXL Turbo”, “SD 1.5 with lcm-lora”.

        A checkpoint that draws best in a way of its own is called by its name.
        """
        lora = f" with {self.distilling.tag.name}" if self.distilling else ""
        if self.checkpoint.defaults != self.family.defaults_for(self.checkpoint.variants):
            return self.checkpoint.name + lora
        variants = self.family.variants
        own = next((each.label for each in variants if each.id in self.checkpoint.variants), "")
        family = "" if own.startswith(self.family.label) else self.family.label
        return f"{family} {own}".strip() + lora

    @property
    def sampler(self) -> SamplerInfo:
        """The sampler that is asked for."""
        return self.sampler_of(self.wanted.sampling.sampler)

    def sampler_of(self, identifier: str) -> SamplerInfo:
        """A sampler by its id."""
        return next(each for each in self.catalogue.samplers if each.id == identifier)

    @property
    def area(self) -> int:
        """The pixels of each picture."""
        return self.wanted.size.width * self.wanted.size.height

    @cached_property
    def fields(self) -> Mapping[str, Scalar]:
        """The request's fields by dotted id, with every choice made."""
        return self.wanted.as_request().model_copy(update=self._whole()).to_fields()

    def _whole(self) -> dict[str, object]:
        """What the request of a single picture leaves out."""
        return {"batch": self.wanted.batch, "memory": self.wanted.memory.settings}

    def native_size(self) -> dict[str, Scalar]:
        """The size with these proportions and as many pixels as the checkpoint draws best with."""
        best, size = self.best, self.wanted.size
        share = (best.width * best.height / self.area) ** 0.5
        multiple = max(self.family.size_multiple, 8)
        sides = (size.width * share, size.height * share)
        width, height = (max(multiple, round(side / multiple) * multiple) for side in sides)
        return {"size.width": width, "size.height": height}

    def change(self, fields: Mapping[str, Scalar], label: str = "") -> Remedy:
        """A remedy that sets some fields, labelled with what becomes what: “Steps 20 → 35”."""
        return Remedy(label=label or ", ".join(self._told(fields)), fields=dict(fields))

    def _told(self, fields: Mapping[str, Scalar]) -> list[str]:
        told: list[str] = []
        if set(_SIZES) <= fields.keys():
            old, new = (
                " × ".join(str(values[side]) for side in _SIZES) for values in (self.fields, fields)
            )
            told.append(f"{old} → {new}")
        for field_id, value in fields.items():
            if field_id not in _SIZES:
                was, becomes = (
                    self._shown(field_id, each) for each in (self.fields[field_id], value)
                )
                told.append(f"{_LABELS[field_id]} {was} → {becomes}")
        return told

    def _shown(self, field_id: str, value: Scalar) -> str:
        lists = {"samplers": self.catalogue.samplers, "schedules": self.catalogue.schedules}
        for each in lists.get(_CHOICES[field_id], ()):
            if each.id == value:
                return each.label
        if value is None:
            return "automatic"
        return f"{value:g}" if isinstance(value, float) else str(value)
