"""How prompts are read, besides their words."""

from dataclasses import dataclass, field

from backend.engine.prompts.embeddings import Embedding, Embeddings


@dataclass(frozen=True)
class Reading:
    """What text encoders are told beside the prompts."""

    embeddings: Embeddings = field(default_factory=dict[str, Embedding])
    """Those that stand in a prompt for their names."""
    clip_skip: int = 1
    """How far from its end CLIP is read: 1 after the last layer, 2 after the one before it."""
    learning: bool = False
    """Whether gradients are wanted of CLIP; then nothing is remembered."""


PLAIN = Reading()
