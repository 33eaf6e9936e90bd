"""How a checkpoint lies in memory while it learns."""

from backend.schema.base import Frozen
from backend.schema.memory import Storage
from backend.schema.training_making import TrainingPlacement


class LearningWay(Frozen):
    """One way, from much memory and little time to the other end."""

    twice: bool = False
    """Whether each block of the network works twice, and keeps nothing meanwhile."""
    storage: Storage = "full"
    """How the network's weights are kept."""
    placement: TrainingPlacement = "resident"
    """Where they lie while it learns."""
    others_wait: bool = False
    """Whether text encoders and VAE leave the device once all is encoded."""
    alone: bool = False
    """Whether the pictures of a batch are learned one after the other."""
    peak: int = 0
    """The most at once on the device, in bytes; 0 where it is not known."""
    stays: int = 0
    """Of that, the weights that never leave."""
