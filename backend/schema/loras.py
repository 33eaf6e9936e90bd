"""LoRAs as the page shows them: those that can be put on, and those that a prompt names."""

from backend.schema.base import Frozen


class LoraCard(Frozen):
    """A LoRA that is here."""

    id: str
    """The library's id."""
    name: str
    """What a prompt calls it."""
    title: str
    family: str
    """What it is for, in words."""
    why_not: str = ""
    """Why it cannot be put on now, as a sentence; empty where it can."""
    trigger_words: tuple[str, ...] = ()
    strength: float = 1.0
    """The weight that its maker recommends, else 1."""
    preview: str = ""
    """The path of a preview picture."""


class WornLora(Frozen):
    """A LoRA that a prompt names."""

    name: str
    typed: str
    """Its tag as it stands in the prompt."""
    unet: float
    """Its weight in the denoising network."""
    text_encoder: float
    card: LoraCard | None = None
    """None where it is not here."""
    problem: str = ""
    """Why it cannot be drawn with, and what to do."""


class LoraCards(Frozen):
    """Some of the LoRAs that are here."""

    cards: tuple[LoraCard, ...]
    total: int
    """How many were found."""
    everything: int
    """How many are here at all."""
