"""What the hubs of models tell: cards, details and files, alike for all hubs."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.models import Family, ModelKind

Sort = Literal["relevance", "downloads", "likes", "newest"]
Period = Literal["all", "year", "month", "week", "day"]
LONGEST_SEARCH = 200
"""Characters of a search or of a link."""


class HubName(StrEnum):
    """A place where models are published."""

    HUGGING_FACE = "huggingface"
    CIVITAI = "civitai"

    @property
    def label(self) -> str:
        """The name people know."""
        return {HubName.HUGGING_FACE: "Hugging Face", HubName.CIVITAI: "CivitAI"}[self]


class HubSearch(Frozen):
    """What to look for on a hub."""

    hub: HubName = HubName.CIVITAI
    text: str = Field(default="", max_length=LONGEST_SEARCH)
    kind: ModelKind | None = None
    family: Family | None = None
    sort: Sort = "relevance"
    period: Period = "all"
    licence: str = ""
    """A licence's identifier, such as `apache-2.0`; empty for any."""
    commercial: bool = False
    """Only what may be used commercially, as far as the hub tells."""
    mature: bool = False
    """Whether to show what is for adults, too."""
    page: str = Field(default="", max_length=2000)
    """`HubPage.next_page` of the page before; empty for the first."""


class HubCard(Frozen):
    """One model in a list of hits."""

    hub: HubName
    id: str
    """A repository's `owner/name` on Hugging Face, a number on CivitAI."""
    name: str
    author: str = ""
    kind: ModelKind = ModelKind.UNKNOWN
    family: Family = Family.UNKNOWN
    family_label: str = ""
    """As the hub names it: “SDXL 1.0”, “Pony”."""
    bytes: int | None = None
    """Of the file that is usually taken; None where the hub does not tell."""
    downloads: int = 0
    likes: int = 0
    licence: str = ""
    commercial: bool | None = None
    """Whether it may be used commercially; None where the hub does not tell."""
    mature: bool = False
    gated: bool = False
    """Whether its licence has to be accepted on the hub's page, with a log-in."""
    picture: str = ""
    """The address of a preview picture; empty where there is none."""
    page: str = ""
    """The address of its page, for a person."""


class HubPage(Frozen):
    """Some hits, and where the next ones begin."""

    cards: tuple[HubCard, ...] = ()
    next_page: str = ""
    """Empty where there are no more."""


class HubFile(Frozen):
    """A file that can be downloaded."""

    name: str
    """Without folders."""
    address: str
    """Where it lies; never with a token in it."""
    bytes: int | None = None
    sha256: str = ""
    """In lower case; empty where the hub does not tell."""
    format: Literal["safetensors", "gguf", "pickle", "other"] = "other"
    precision: str = ""
    """As the hub names it: `fp16`, `Q4_K_S`; empty where it does not tell."""
    pruned: bool = False
    kind: ModelKind = ModelKind.UNKNOWN
    """What it is for, as far as the hub tells; its header decides after the download."""
    primary: bool = False
    """Whether it is the one that is usually taken."""


class HubSample(Frozen):
    """A sample picture and what made it."""

    address: str
    mature: bool = False
    infotext: str = ""
    """Its settings in A1111's form; empty where the hub does not tell them."""


class HubVersion(Frozen):
    """One published state of a model."""

    id: str
    """A number on CivitAI, a commit on Hugging Face."""
    name: str = ""
    family: Family = Family.UNKNOWN
    family_label: str = ""
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    """The weight its maker recommends for a LoRA."""
    published: str = ""
    """As an ISO date; empty where the hub does not tell."""
    files: tuple[HubFile, ...] = ()
    texts: tuple[HubFile, ...] = ()
    """Small files of words beside the weights: what a model is, and its vocabulary."""
    samples: tuple[HubSample, ...] = ()


class HubModel(Frozen):
    """All that a hub tells of a model."""

    card: HubCard
    description: str = ""
    """Plain text, whatever the hub sent."""
    tags: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    """What the licence allows and asks, one sentence each."""
    versions: tuple[HubVersion, ...] = ()
    """Newest first."""

    def version(self, version_id: str = "") -> HubVersion | None:
        """The version of this id, or the newest; None where there is none."""
        if not version_id:
            return next(iter(self.versions), None)
        return next((one for one in self.versions if one.id == version_id), None)


class HubLink(Frozen):
    """What a pasted link, identifier or name of a repository points at."""

    hub: HubName
    model: str = ""
    """Its id; empty where only the version is known."""
    version: str = ""
    file: str = ""
    """A file's name or its path in the repository; empty where none is named."""
    query: str = ""
    """What a download link of CivitAI asks for of a version's files, without any token."""


class HubState(Frozen):
    """How Easel stands with a hub."""

    hub: HubName
    label: str
    has_token: bool
    """Whether a token for models that need a log-in is kept."""
    token_page: str
    """Where a person makes one."""
