"""What the doors need of Studio for a guided start."""

from typing import Protocol

from backend.schema.guide import Suggestion
from backend.schema.jobs import Actor, JobView
from backend.schema.picture_settings import PromptSettings


class Guide(Protocol):
    """What a person can make on this machine, and getting a model for it."""

    def suggestions(self, actor: Actor) -> tuple[Suggestion, ...]:
        """Well-known models that this machine draws with; asks nobody."""
        ...

    def take(self, actor: Actor, suggestion_id: str, prompt: PromptSettings) -> JobView:
        """Download one; when that is done, draw with it."""
        ...
