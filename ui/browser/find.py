"""What can be asked of the hubs, and which of their models are here already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Self
from urllib.parse import urlsplit

from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.hubs import HubFile, HubName
from backend.schema.jobs import Actor, Role
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from ui.picker.words import capital

_HUBS = (HubName.CIVITAI, HubName.HUGGING_FACE)
_KINDS = (
    ModelKind.CHECKPOINT,
    ModelKind.LORA,
    ModelKind.EMBEDDING,
    ModelKind.VAE,
    ModelKind.CONTROLNET,
    ModelKind.UPSCALER,
)


class Option(Frozen):
    """One line of a list of the search."""

    value: str
    label: str
    hub: str = ""
    """The only hub that understands it; empty for all."""


_SORTS = (
    Option(value="relevance", label="Best match first"),
    Option(value="downloads", label="Most downloaded"),
    Option(value="likes", label="Most liked"),
    Option(value="newest", label="Newest first"),
)
_PERIODS = (
    Option(value="all", label="Any time"),
    Option(value="year", label="Of this year"),
    Option(value="month", label="Of this month"),
    Option(value="week", label="Of this week"),
    Option(value="day", label="Of today"),
)
_LICENCES = (
    Option(value="apache-2.0", label="Apache 2.0"),
    Option(value="creativeml-openrail-m", label="CreativeML OpenRAIL-M"),
    Option(value="openrail++", label="OpenRAIL++-M"),
    Option(value="mit", label="MIT", hub=HubName.HUGGING_FACE),
    Option(value="cc-by-4.0", label="CC BY 4.0", hub=HubName.HUGGING_FACE),
    Option(value="faipl-1.0-sd", label="Fair AI Public 1.0-SD", hub=HubName.CIVITAI),
    Option(value="stability-ai-community", label="Stability AI Community", hub=HubName.CIVITAI),
    Option(
        value="flux-1-dev-non-commercial-license",
        label="FLUX.1 [dev] non-commercial",
        hub=HubName.CIVITAI,
    ),
)


class Searching(Frozen):
    """What the search offers."""

    mine: bool
    """Whether the person may download, and see what is for adults."""
    hubs: tuple[Option, ...]
    kinds: tuple[Option, ...]
    families: tuple[Option, ...]
    sorts: tuple[Option, ...] = _SORTS
    periods: tuple[Option, ...] = _PERIODS
    licences: tuple[Option, ...] = _LICENCES


def searching(studio: Verbs, actor: Actor) -> Searching:
    """What the search offers this person."""
    families = studio.models.catalogue().families
    return Searching(
        mine=actor.role is Role.OWNER,
        hubs=tuple(Option(value=hub, label=hub.label) for hub in _HUBS),
        kinds=tuple(Option(value=kind, label=capital(kind.label)) for kind in _KINDS),
        families=tuple(Option(value=family.id, label=family.label) for family in families),
    )


@dataclass(frozen=True)
class Here:
    """The models that are here, by what the hubs know of them."""

    pages: frozenset[str]
    """The paths of their pages."""
    hashes: Mapping[str, str]
    """The library's ids by SHA-256."""
    names: Mapping[tuple[str, str], str]
    """The library's ids by page and file name."""

    @classmethod
    def of(cls, entries: Sequence[LibraryEntry]) -> Self:
        """What the library holds."""
        sources = [
            (_path(entry.card.source), entry)
            for entry in entries
            if entry.card and entry.card.source
        ]
        return cls(
            pages=frozenset(page for page, _ in sources),
            hashes={entry.hashes.sha256: entry.id for entry in entries if entry.hashes},
            names={(page, PurePath(entry.path).name): entry.id for page, entry in sources},
        )

    def has(self, page: str) -> bool:
        """Whether some file of the model with this page is here."""
        return _path(page) in self.pages

    def file(self, page: str, file: HubFile) -> str:
        """The library's id of a file; empty where it is not here."""
        by_hash = self.hashes.get(file.sha256) if file.sha256 else None
        return by_hash or self.names.get((_path(page), file.name), "")


def _path(page: str) -> str:
    """What tells pages apart: no page of one hub is called as one of the other."""
    return urlsplit(page).path.rstrip("/").casefold()
