"""What the page shows of LoRAs: which are here, and which a prompt puts on."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from backend.library.library import Library
from backend.prompts.tags import LoraTag, take_tags
from backend.schema.errors import ModelError, NotFoundError, RequestError
from backend.schema.jobs import Actor
from backend.schema.library import LibraryEntry
from backend.schema.loras import LoraCard, LoraCards, WornLora
from backend.services.loras import LorasByName, why_not

PAGE = 60


class LoraShelf:
    """Tells of LoRAs. All may ask."""

    def __init__(self, library: Library) -> None:
        """Tell of a library's."""
        self._library = library

    def worn(self, actor: Actor, prompt: str, checkpoint: str | None) -> tuple[WornLora, ...]:  # noqa: ARG002
        """Those that a prompt names, in its order.

        Args:
            actor: Who asks.
            prompt: As it is typed.
            checkpoint: The chosen one; None for the first.
        """
        tags = take_tags(prompt)[1]
        if not tags:
            return ()
        there, family = LorasByName(self._library.entries()), self._family(checkpoint)
        return tuple(_worn(tag, there, family) for tag in tags)

    def found(
        self, actor: Actor, checkpoint: str | None, search: str = "", offset: int = 0
    ) -> LoraCards:
        """Those with every word of `search`; what fits the checkpoint first, each part by name."""
        del actor
        there, family = LorasByName(self._library.entries()), self._family(checkpoint)
        words = search.casefold().split()
        everything = [card_of(entry, there, family) for entry in there.all]
        cards = [card for card in everything if all(word in _text(card) for word in words)]
        cards.sort(key=lambda card: (bool(card.why_not), card.title.casefold()))
        return LoraCards(
            cards=tuple(cards[offset : offset + PAGE]),
            total=len(cards),
            everything=len(everything),
        )

    def _family(self, checkpoint: str | None) -> str:
        """Its family; none where it is not there."""
        try:
            return self._library.find(checkpoint).family
        except (ModelError, RequestError):
            return ""


def _worn(tag: LoraTag, there: LorasByName, family: str) -> WornLora:
    told = WornLora(name=tag.name, typed=tag.typed, unet=tag.unet, text_encoder=tag.text_encoder)
    try:
        entry = there.find(tag.name, family)
    except NotFoundError as error:
        return told.model_copy(update={"problem": f"{error.sentence} {error.hint}"})
    card = card_of(entry, there, family)
    return told.model_copy(update={"card": card, "problem": card.why_not})


def card_of(entry: LibraryEntry, there: LorasByName, family: str) -> LoraCard:
    """A LoRA as it is shown beside a checkpoint of this family."""
    return LoraCard(
        id=entry.id,
        name=_name(entry, there, family),
        title=(entry.card.title if entry.card else "") or entry.name,
        family=entry.model.family_label if entry.model else "",
        why_not=why_not(entry, family),
        trigger_words=entry.trigger_words,
        strength=entry.strength,
        preview=entry.card.preview if entry.card else "",
    )


def _name(entry: LibraryEntry, there: LorasByName, family: str) -> str:
    """The shortest name that means it."""
    path = PurePosixPath(entry.id.rpartition(":")[2]).with_suffix("")
    names: Iterable[str] = (path.name, "/".join(path.parts[1:]), str(path))
    return next((name for name in names if name and there.find(name, family) is entry), str(path))


def _text(card: LoraCard) -> str:
    words = " ".join(card.trigger_words)
    return f"{card.title} {card.name} {card.family} {words}".casefold()
