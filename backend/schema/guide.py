"""What a person can make on this machine: well-known models, and which of them are suggested."""

from typing import Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.hubs import HubName
from backend.schema.memory import PlanView
from backend.schema.models import Family
from backend.schema.sizes import readable_bytes

NumberFormat = Literal["fp32", "fp16", "bf16", "fp8"]
"""How a file stores its numbers."""


class Purpose(Frozen):
    """Something that people want to make."""

    id: str
    label: str


class WellKnownModel(Frozen):
    """A file of a hub that holds a whole model: network, text encoders and VAE."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    purpose: str
    """The id of what it is best for."""
    name: str
    note: str
    """One sentence on what it draws."""
    hub: HubName
    repository: str
    """The hub's id of the model."""
    page: str = Field(pattern=r"^https://")
    """For a person."""
    file: str
    """Its name, without folders."""
    bytes: int = Field(gt=0)
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Empty where it is not known."""
    licence: str = Field(min_length=1)
    """As its page names it."""
    family: Family
    variant: str = ""
    """The variant of the family whose settings it draws best with."""
    precision: NumberFormat
    t5_precision: NumberFormat | None = None
    """That of its T5, where it is another."""


class WellKnown(Frozen):
    """The list that ships with Easel."""

    purpose: tuple[Purpose, ...]
    model: tuple[WellKnownModel, ...]
    """Within a purpose the best first."""


class Suggestion(Frozen):
    """A well-known model that this machine can draw with."""

    id: str
    purpose: Purpose
    name: str
    note: str
    page: str
    bytes: int
    licence: str
    terms: str
    """What the licence says of commercial use, as a sentence."""
    family_label: str
    place: str
    """Where it would draw: “your 8 GB card”, or “this computer” where there is none."""
    took: str
    """How long its download takes, in words."""
    plan: PlanView
    """At the size that it draws best."""
    drawing: str = ""
    """How long a picture takes, in words; empty where nobody knows."""
    state: Literal["offered", "coming", "here"]
    job: str = ""
    """The download that is under way."""
    checkpoint: str = ""
    """Its id in the library, once it is here."""
    refusal: str = ""
    """Why it cannot be had now, with what to do; empty where it can."""
    may_retry: bool = False
    """Whether asking for it once more may help all the same."""

    @property
    def sentence(self) -> str:
        """“Real photos on your 8 GB card: X, 6.9 GB, about 12 minutes”."""
        offer = f"{self.name}, {readable_bytes(self.bytes)}, {self.took}"
        return f"{self.purpose.label} on {self.place}: {offer}"
