"""What the doors need of advice on settings."""

from typing import Protocol

from backend.schema.advice import Advice, Ladder
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor


class Advising(Protocol):
    """What to change about settings that disappoint, or would."""

    def warnings(self, actor: Actor, request: GenerationRequest) -> tuple[Advice, ...]:
        """What is known to be wrong about a request's settings, the worst first."""
        ...

    def ladders(self, actor: Actor, request: GenerationRequest) -> tuple[Ladder, ...]:
        """What may help where a picture of this request disappoints."""
        ...
