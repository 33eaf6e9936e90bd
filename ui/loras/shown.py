"""LoRAs as the page's lists show them."""

from collections.abc import Iterable

from backend.schema.base import Frozen
from backend.schema.loras import LoraCard, LoraCards, WornLora
from ui.picker.previews import version_of_picture

_FEWEST_SHOWN = 12
"""Trigger words of one LoRA; some makers list a hundred."""


class Row(Frozen):
    """A LoRA that the prompt names, or that is switched off."""

    name: str
    typed: str
    title: str
    on: bool
    unet: str
    """Its weight in the denoising network, as numbers are typed."""
    text_encoder: str
    problem: str
    words: tuple[str, ...]
    model: str
    """The library's id; empty where it is not here."""
    preview: str
    """What changes with the picture; empty where there is none."""


class Card(Frozen):
    """A LoRA that can be put on."""

    id: str
    name: str
    title: str
    family: str
    why_not: str
    words: tuple[str, ...]
    strength: str
    preview: str


class Cards(Frozen):
    """A piece of what was found."""

    cards: tuple[Card, ...]
    offset: int
    more: int
    """Where the next piece begins; 0 where there is none."""
    nothing: str
    """What is said when there is no card at all."""


def rows_of(worn: Iterable[WornLora], *, on: bool) -> list[Row]:
    """The rows of a list."""
    return [_row(each, on=on) for each in worn]


def cards_of(found: LoraCards, search: str, offset: int) -> Cards:
    """A piece of the dialog's cards, from `offset` on."""
    after = offset + len(found.cards)
    return Cards(
        cards=tuple(map(_card, found.cards)),
        offset=offset,
        more=after if found.cards and after < found.total else 0,
        nothing=(
            f"No LoRA has “{search}” in its name or words."
            if found.everything
            else "No LoRA is here yet. Find some in Models, or put files into models/loras."
        ),
    )


def _row(worn: WornLora, *, on: bool) -> Row:
    card = worn.card
    return Row(
        name=worn.name,
        typed=worn.typed,
        title=card.title if card else worn.name,
        on=on,
        unet=f"{worn.unet:g}",
        text_encoder=f"{worn.text_encoder:g}",
        problem=worn.problem,
        words=card.trigger_words[:_FEWEST_SHOWN] if card else (),
        model=card.id if card else "",
        preview=version_of_picture(card.preview) if card else "",
    )


def _card(card: LoraCard) -> Card:
    return Card(
        id=card.id,
        name=card.name,
        title=card.title,
        family=card.family,
        why_not=card.why_not,
        words=card.trigger_words,
        strength=f"{card.strength:g}",
        preview=version_of_picture(card.preview),
    )
