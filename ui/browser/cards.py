"""The models that are here as cards, searched, sorted and cut into pieces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field

from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo
from backend.schema.jobs import Actor
from backend.schema.keeping import Mark
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelKind
from backend.schema.sizes import readable_bytes
from ui.memory.fits import Fit, fit_of
from ui.picker.previews import version_of
from ui.picker.words import capital, lacking

MOST_CARDS = 120
Order = Literal["name", "newest", "largest", "family"]
_Key = tuple[bool, float | str, str, str]
Only = Literal["", "favourites", "copies", "updates", "unknown", "problems"]


class Wanted(Frozen):
    """What to show of the library."""

    search: Annotated[str, Field(max_length=200)] = ""
    kind: ModelKind | None = None
    family: Family | None = None
    tag: Annotated[str, Field(max_length=100)] = ""
    only: Only = ""
    order: Order = "name"
    offset: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(ge=1, le=MOST_CARDS)] = 48


class Card(Frozen):
    """One model."""

    id: str
    place: int
    """From 1, among all that were found."""
    name: str
    kind: str
    line: str
    cover: str
    """What stands in place of a picture."""
    preview: str
    """What changes with the picture; empty where there is none."""
    favourite: bool
    problem: str
    fit: Fit | None
    newer: str
    """The name of a newer version that is known of."""


@dataclass(frozen=True)
class _About:
    """What is known of a model beside its file."""

    info: CheckpointInfo | None
    fit: Fit | None
    favourite: bool
    newer: str


class Found(Frozen):
    """A piece of what was found."""

    cards: tuple[Card, ...]
    total: int
    bytes: int
    everything: int
    """How many models there are at all."""

    @property
    def sentence(self) -> str:
        """How many, and how large they are together."""
        models = "1 model" if self.total == 1 else f"{self.total:,} models"
        of = f" of {self.everything:,}" if self.total < self.everything else ""
        return f"{models}{of}, {readable_bytes(self.bytes)}" if self.total else "No model"


def found(studio: Verbs, actor: Actor, wanted: Wanted) -> Found:
    """The cards from `offset` on, of all that is wanted."""
    everything = studio.models.library(actor)
    marks = studio.keeping.marks(actor)
    newer = {each.model: each.version_name for each in studio.updates.found(actor).updates}
    meant = _meant(studio, actor, wanted, marks, newer)
    entries = sorted(filter(meant, everything), key=_order(wanted, marks))
    infos = {info.id: info for info in studio.models.checkpoints(actor)}
    piece = entries[wanted.offset : wanted.offset + wanted.count]
    cards: list[Card] = []
    for place, entry in enumerate(piece, wanted.offset + 1):
        info = infos.get(entry.id)
        fit = fit_of(studio.memory, actor, info) if info else None
        mark = marks.get(entry.id, Mark())
        about = _About(info, fit, mark.favourite, newer.get(entry.id, ""))
        cards.append(_card(entry, place, about))
    return Found(
        cards=tuple(cards),
        total=len(entries),
        bytes=sum(entry.bytes for entry in entries),
        everything=len(everything),
    )


def families_of(entries: Sequence[LibraryEntry]) -> tuple[tuple[str, str], ...]:
    """Value and label of the families that there are models of."""
    there = {entry.model.family for entry in entries if entry.model}
    return tuple((family.value, family.label) for family in Family if family in there)


def kinds_of(entries: Sequence[LibraryEntry]) -> tuple[tuple[str, str], ...]:
    """Value and label of the kinds that there are models of."""
    there = {kind_of(entry) for entry in entries}
    return tuple((kind.value, capital(kind.label)) for kind in ModelKind if kind in there)


def tags_of(marks: Mapping[str, Mark]) -> tuple[str, ...]:
    """All tags that a model has."""
    return tuple(sorted({tag for mark in marks.values() for tag in mark.tags}, key=str.casefold))


def kind_of(entry: LibraryEntry) -> ModelKind:
    """What a file is, or else what its folder is for."""
    return entry.model.kind if entry.model else entry.expected or ModelKind.UNKNOWN


def _meant(
    studio: Verbs,
    actor: Actor,
    wanted: Wanted,
    marks: Mapping[str, Mark],
    newer: Mapping[str, str],
) -> Callable[[LibraryEntry], bool]:
    words = wanted.search.casefold().split()
    copied = {
        each
        for copies in (studio.keeping.copies(actor) if wanted.only == "copies" else ())
        for each in copies.ids
    }
    broken = _broken(studio, actor) if wanted.only == "problems" else ()
    only: Mapping[Only, Callable[[LibraryEntry], bool]] = {
        "": lambda _: True,
        "favourites": lambda entry: marks.get(entry.id, Mark()).favourite,
        "copies": lambda entry: entry.id in copied,
        "updates": lambda entry: entry.id in newer,
        "unknown": lambda entry: not (entry.card and entry.card.source),
        "problems": lambda entry: entry.id in broken,
    }

    def is_meant(entry: LibraryEntry) -> bool:
        model = entry.model
        tags = marks.get(entry.id, Mark()).tags
        text = _text(entry, tags) if words else ""
        return (
            wanted.kind in (None, kind_of(entry))
            and (wanted.family is None or (model is not None and wanted.family in _families(entry)))
            and (not wanted.tag or wanted.tag in tags)
            and only[wanted.only](entry)
            and all(word in text for word in words)
        )

    return is_meant


def _broken(studio: Verbs, actor: Actor) -> frozenset[str]:
    """The ids of what cannot be used as it is."""
    unable = {info.id for info in studio.models.checkpoints(actor) if info.problem or info.missing}
    broken = {entry.id for entry in studio.models.library(actor) if entry.problem}
    return frozenset(unable | broken)


def _families(entry: LibraryEntry) -> tuple[Family, ...]:
    return (entry.model.family, *entry.model.fits) if entry.model else ()


def _text(entry: LibraryEntry, tags: Sequence[str]) -> str:
    model, card = entry.model, entry.card
    words = (
        *(entry.id, entry.name, *tags),
        *((model.family_label, model.author, *model.trigger_words) if model else ()),
        *((card.title, card.base_model, *card.trigger_words) if card else ()),
    )
    return " ".join(words).casefold()


def _order(wanted: Wanted, marks: Mapping[str, Mark]) -> Callable[[LibraryEntry], _Key]:
    """Favourites come first in any order."""
    keys: Mapping[Order, Callable[[LibraryEntry], float | str]] = {
        "name": lambda entry: entry.name.casefold(),
        "newest": lambda entry: -entry.modified,
        "largest": lambda entry: -entry.bytes,
        "family": lambda entry: entry.model.family_label if entry.model else "~",
    }

    def key(entry: LibraryEntry) -> _Key:
        favourite = marks.get(entry.id, Mark()).favourite
        return (not favourite, keys[wanted.order](entry), entry.name.casefold(), entry.id)

    return key


def _card(entry: LibraryEntry, place: int, about: _About) -> Card:
    model, info = entry.model, about.info
    kind = kind_of(entry)
    facts = (
        model.family_label if model and model.family is not Family.UNKNOWN else "",
        readable_bytes(entry.bytes),
        model.precision.label if model else "",
    )
    wrong = info.problem if info else entry.problem
    problem = lacking(info.missing) if info else ""
    return Card(
        id=entry.id,
        place=place,
        name=info.name if info else entry.name,
        kind=capital(kind.label) if kind is not ModelKind.UNKNOWN else "Unknown",
        line=" · ".join(fact for fact in facts if fact),
        cover=(model.family_label if model else "") or PurePath(entry.path).suffix,
        preview=version_of(entry.card),
        favourite=about.favourite,
        problem=problem or (wrong.sentence if wrong else ""),
        fit=about.fit,
        newer=about.newer,
    )
