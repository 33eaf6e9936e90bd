"""What the prompt box knows of what is typed: how it is heard, what goes on from it, what helps."""

from typing import Literal

from backend.schema.base import Frozen


class Piece(Frozen):
    """What CLIP reads at once."""

    tokens: int
    end: int
    """Behind which character of what was typed it ends."""


class Heard(Frozen):
    """How much of a prompt one text encoder hears."""

    reader: Literal["CLIP", "T5"]
    used: int
    """Tokens, where full or ended pieces count as a whole."""
    room: int
    """Of the pieces that are needed, or in all where there is a limit."""
    pieces: tuple[Piece, ...] = ()
    lost_from: int | None = None
    """From which character on nothing is heard; None where all is."""


class Check(Frozen):
    """Something that makes a prompt good, or spoils it."""

    id: str
    label: str
    good: bool
    advice: str = ""
    """What to do where it is not good."""


class Writing(Frozen):
    """What is to be told of the prompts in the form."""

    positive: tuple[Heard, ...] = ()
    """By each text encoder, the one that decides first."""
    negative: tuple[Heard, ...] = ()
    effects: tuple[str, ...] = ()
    """What has no effect, as sentences."""
    checks: tuple[Check, ...] = ()
    faults: tuple[Check, ...] = ()
    """What spoils the prompt; nothing where all is well."""
    form: str = ""
    """How the model likes to be spoken to, as a sentence."""


OfferKind = Literal["lora", "embedding", "wildcard", "style"]


class Ask(Frozen):
    """What is being typed, and for which checkpoint."""

    kind: Literal["", "lora", "embedding", "wildcard", "style"] = ""
    """Empty for everything between `<` and `>`."""
    typed: str = ""
    checkpoint: str | None = None


class Offer(Frozen):
    """Something that what was typed can become."""

    kind: OfferKind
    name: str
    """As a prompt has it."""
    title: str
    detail: str = ""
    why_not: str = ""
    """Why it does not fit the checkpoint; empty where it does."""
    model: str = ""
    """Its id in the library; empty for what is no model."""
    pictured: bool = False
    """Whether a picture lies beside it."""
    insert: str = ""
    """What is put in place of what was typed; a style has nothing of the kind."""


class Offers(Frozen):
    """What can be chosen, what fits first."""

    items: tuple[Offer, ...] = ()
    more: int = 0
    """How many there are besides."""


class UsedPrompt(Frozen):
    """A prompt that pictures were asked for with."""

    positive: str
    negative: str = ""
    at: float
    """When last, in seconds since the epoch."""
