"""What a hub was found to have, as cards."""

from collections.abc import Callable

from backend.schema.base import Frozen
from backend.schema.hubs import HubCard
from backend.schema.models import Family, ModelKind
from backend.schema.sizes import readable_bytes
from ui.browser.find import Here
from ui.memory.fits import Fit
from ui.picker.words import capital

_THOUSAND, _MILLION = 1000, 1_000_000
DRAWING = (ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL)
"""Kinds that draw by themselves, so that it is worth telling whether they fit."""

Fitting = Callable[[Family, int | None], Fit | None]
"""Tells whether a model of a family and size would fit."""


class Hit(Frozen):
    """One model that a hub has."""

    hub: str
    id: str
    name: str
    line: str
    """Author, family, size."""
    more: str
    """Downloads and licence."""
    picture: str
    cover: str
    """What stands in place of a picture."""
    kind: str
    fit: Fit | None
    here: bool
    gated: bool


def hit_of(card: HubCard, here: Here, fitting: Fitting) -> Hit:
    """A card as it is drawn."""
    size = readable_bytes(card.bytes) if card.bytes else ""
    return Hit(
        hub=card.hub.value,
        id=card.id,
        name=card.name,
        line=joined(card.author, card.family_label, size),
        more=joined(f"{short(card.downloads)} downloads", card.licence),
        picture=card.picture,
        cover=card.family_label or card.hub.label,
        kind=kind_of(card.kind),
        fit=fitting(card.family, card.bytes) if card.kind in DRAWING else None,
        here=here.has(card.page),
        gated=card.gated,
    )


def kind_of(kind: ModelKind) -> str:
    """A kind in a word or two; empty where it is not known."""
    if kind is ModelKind.DIFFUSION_MODEL:
        return "Network alone"
    return "" if kind is ModelKind.UNKNOWN else capital(kind.label)


def joined(*facts: str) -> str:
    """Facts in a line, those left out that are empty."""
    return " · ".join(fact for fact in facts if fact)


def short(count: int) -> str:
    """A count in little room: 12_345 is “12k”, 1_234_567 “1.2M”."""
    if count < _THOUSAND:
        return str(count)
    return f"{count // _THOUSAND}k" if count < _MILLION else f"{count / _MILLION:.1f}M"
