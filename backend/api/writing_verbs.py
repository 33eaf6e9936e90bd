"""What the prompt box needs of Studio."""

from typing import Protocol

from backend.schema.bringing import Style
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor
from backend.schema.picture_settings import PromptSettings
from backend.schema.writing import Ask, Offers, UsedPrompt
from backend.schema.writing import Writing as Told


class Writing(Protocol):
    """Reading prompts while somebody types, and what goes on from a word."""

    def read(self, actor: Actor, request: GenerationRequest) -> Told:
        """How the prompts of a request would be heard, and what could be better."""
        ...

    def offers(self, actor: Actor, ask: Ask) -> Offers:
        """What a name that is being typed can become."""
        ...

    def styles(self, actor: Actor) -> tuple[Style, ...]:
        """The styles that there are."""
        ...

    def styled(self, actor: Actor, name: str, prompt: PromptSettings) -> PromptSettings:
        """The prompts with the words of a style, or without them where they are around it."""
        ...

    def used(self, actor: Actor) -> tuple[UsedPrompt, ...]:
        """The prompts that the actor asked for pictures with last."""
        ...
