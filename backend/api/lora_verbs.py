"""What the page needs of Studio about LoRAs."""

from typing import Protocol

from backend.schema.jobs import Actor
from backend.schema.loras import LoraCards, WornLora


class Loras(Protocol):
    """LoRAs that can be put on, and those that a prompt puts on."""

    def worn(self, actor: Actor, prompt: str, checkpoint: str | None) -> tuple[WornLora, ...]:
        """Those that a prompt names, in its order."""
        ...

    def found(
        self, actor: Actor, checkpoint: str | None, search: str = "", offset: int = 0
    ) -> LoraCards:
        """Those with every word of `search`; what fits the checkpoint first, each part by name."""
        ...
