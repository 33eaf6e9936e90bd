"""What the doors need of Studio to learn more of the models that are here."""

from typing import Protocol

from backend.schema.identifying import FoundUpdates, Identified
from backend.schema.jobs import Actor, JobView
from backend.schema.library import LibraryEntry


class Identifying(Protocol):
    """Finding out at CivitAI what models are, by their hashes."""

    def identify(self, actor: Actor, model_id: str) -> Identified:
        """Ask for one model, and write beside it what is told."""
        ...

    def identify_all(self, actor: Actor) -> JobView:
        """The same for all models of which nobody knows where they come from, as one job."""
        ...


class Updates(Protocol):
    """Newer versions of models that are here."""

    def look(self, actor: Actor) -> JobView:
        """Ask the hub for all models whose page there is known, as one job."""
        ...

    def found(self, actor: Actor) -> FoundUpdates:
        """What is newer, as far as the hub was asked; asks nobody."""
        ...


class Previews(Protocol):
    """The pictures that stand for models."""

    def make(self, actor: Actor, model_id: str) -> JobView:
        """Draw a picture with a checkpoint, which becomes its preview once it is there."""
        ...

    def use(self, actor: Actor, model_id: str, picture_id: str) -> LibraryEntry:
        """Make a picture of the gallery the preview of a model."""
        ...
