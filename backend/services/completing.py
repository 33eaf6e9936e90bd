"""What a name that is being typed can become: LoRAs, embeddings, wildcards and styles."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from backend.library.reading import MISPLACED
from backend.prompts.wildcards import Wildcards
from backend.schema.bringing import Style
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelFile, ModelKind
from backend.schema.writing import Ask, Offer, OfferKind, Offers

MOST = 30
_TOLD = 60
"""Characters of what is told beside a name."""
_FIRST_ENTRIES = 4

_MODELS: dict[OfferKind, ModelKind] = {
    "lora": ModelKind.LORA,
    "embedding": ModelKind.EMBEDDING,
}
_BETWEEN_BRACKETS = ("lora", "style")
"""What may stand between `<` and `>`."""


@dataclass(frozen=True)
class _Found:
    """Something that could be offered; of thousands, only a few are worked out."""

    kind: OfferKind
    name: str
    title: str
    offer: Callable[[], Offer]
    fits: bool = True

    def holds(self, typed: str) -> bool:
        """Whether what was typed is in one of its names."""
        return typed in self.name.casefold() or typed in self.title.casefold()

    def rank(self, typed: str) -> tuple[bool, bool, bool, str]:
        """What comes first: what fits, models before styles, what begins as it was typed."""
        names = (self.name.casefold(), self.title.casefold())
        begins = any(name.startswith(typed) for name in names)
        return not self.fits, self.kind == "style", not begins, names[0]


def offers(
    ask: Ask,
    family: str,
    entries: Iterable[LibraryEntry],
    lists: Callable[[], Wildcards],
    styles: Callable[[], tuple[Style, ...]],
) -> Offers:
    """What can be chosen: what fits the checkpoint first, names that begin with the typed before.

    Args:
        ask: What is being typed.
        family: The checkpoint's.
        entries: What is in the library.
        lists: Reads the wildcards.
        styles: Reads the styles.
    """
    kinds = (ask.kind,) if ask.kind else _BETWEEN_BRACKETS
    found: list[_Found] = []
    for kind in kinds:
        if kind == "wildcard":
            found += _wildcards(lists())
        elif kind == "style":
            found += map(_style, styles())
        else:
            found += _models(kind, family, entries)
    typed = ask.typed.casefold()
    fitting = sorted((one for one in found if one.holds(typed)), key=lambda one: one.rank(typed))
    items = tuple(one.offer() for one in fitting[:MOST])
    return Offers(items=items, more=max(0, len(fitting) - MOST))


def _models(kind: OfferKind, family: str, entries: Iterable[LibraryEntry]) -> Iterator[_Found]:
    """Models of a kind, the first of each name: that is the one that the name means."""
    names: set[str] = set()
    for entry in entries:
        model = entry.model
        name = PurePath(entry.path).stem
        if model is None or model.kind is not _MODELS[kind] or name in names:
            continue
        names.add(name)
        title = (entry.card.title if entry.card else "") or model.title or name
        why_not = _why_not(entry, model, family)
        offer = partial(_model, kind, title, why_not, entry)
        yield _Found(kind, name, title, offer, fits=not why_not)


def _model(kind: OfferKind, title: str, why_not: str, entry: LibraryEntry) -> Offer:
    name = PurePath(entry.path).stem
    return Offer(
        kind=kind,
        name=name,
        title=title,
        detail=_cut(", ".join(entry.trigger_words)),
        why_not=why_not,
        model=entry.id,
        pictured=bool(entry.card and entry.card.preview),
        insert=_lora_tag(name, entry) if kind == "lora" else name,
    )


def _lora_tag(name: str, entry: LibraryEntry) -> str:
    """Its tag with the recommended weight, and the words that call it up."""
    words = (f"{word}, " for word in entry.trigger_words)
    return "".join((f"<lora:{name}:{entry.strength:g}> ", *words))


def _why_not(entry: LibraryEntry, model: ModelFile, family: str) -> str:
    if entry.problem is not None and entry.problem.code != MISPLACED:
        return entry.problem.sentence
    fits = {each.value for each in (model.family, *model.fits)}
    if family in fits or fits == {Family.UNKNOWN.value}:
        return ""
    return f"For {model.family_label}."


def _wildcards(lists: Wildcards) -> Iterator[_Found]:
    for name, entries in lists.lists.items():
        yield _Found("wildcard", name, name, partial(_wildcard, name, entries))


def _wildcard(name: str, entries: Sequence[str]) -> Offer:
    shown = _cut(", ".join(entries[:_FIRST_ENTRIES]))
    more = f" … {len(entries):,} in all" if len(entries) > _FIRST_ENTRIES else ""
    return Offer(kind="wildcard", name=name, title=name, detail=shown + more, insert=f"__{name}__")


def _style(style: Style) -> _Found:
    said = style.prompt or f"not: {style.negative}"
    offer = partial(Offer, kind="style", name=style.name, title=style.name, detail=_cut(said))
    return _Found("style", style.name, style.name, offer)


def _cut(text: str) -> str:
    return text if len(text) <= _TOLD else f"{text[:_TOLD].rstrip(', ')}…"
