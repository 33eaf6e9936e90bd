"""What the doors need of Studio to look for models on the hubs."""

from typing import Protocol

from backend.schema.hubs import (
    HubFile,
    HubModel,
    HubName,
    HubPage,
    HubSearch,
    HubState,
    HubVersion,
)
from backend.schema.jobs import Actor


class Hubs(Protocol):
    """Looking for models on the hubs."""

    def search(self, actor: Actor, wanted: HubSearch) -> HubPage:
        """A page of hits."""
        ...

    def model(self, actor: Actor, hub: HubName, model_id: str, version_id: str = "") -> HubModel:
        """All about a model; `version_id` is then among the versions told."""
        ...

    def resolve(self, actor: Actor, text: str) -> tuple[HubModel, HubVersion, HubFile | None]:
        """What a pasted link, AIR identifier or repository's name points at."""
        ...

    def version_by_hash(self, actor: Actor, sha256: str) -> tuple[HubModel, HubVersion] | None:
        """The published version that has a file of this hash."""
        ...

    def picture(self, actor: Actor, address: str) -> bytes:
        """A small WebP of a picture that a hub named."""
        ...

    def state(self, actor: Actor) -> tuple[HubState, ...]:
        """How Easel stands with each hub."""
        ...

    def set_token(self, actor: Actor, hub: HubName, token: str) -> None:
        """Keep a token in place of the one before."""
        ...

    def forget_token(self, actor: Actor, hub: HubName) -> None:
        """Keep a token no more."""
        ...
