"""Computing what is between a network's blocks twice, so that it is not kept for the gradients.

Source: Chen et al. 2016, “Training Deep Nets with Sublinear Memory Cost” (arXiv:1604.06174).
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import cast

from torch import nn
from torch.utils.checkpoint import checkpoint

from backend.engine.memory.blocks import blocks_of

Forward = Callable[..., object]
_checkpoint = cast("Forward", checkpoint)  # its types know functions without arguments alone


@contextmanager
def checkpointed(network: nn.Module, *, on: bool = True) -> Generator[None]:
    """Within, each block of a network keeps only what enters it, and works again for the gradients.

    What it learns is the same, bit for bit: chance is drawn again as it was. A block whose weights
    come and go has them come again. The gradients must be taken within, too.

    Args:
        network: Whose blocks.
        on: Whether anything is done at all.
    """
    with ExitStack() as undone:
        for block in blocks_of(network) if on else ():
            if any(True for _ in block.children()):  # a layer alone keeps what enters it anyway
                undone.callback(setattr, block, "forward", block.forward)
                block.forward = _twice(block, block.forward)
        yield


def _twice(block: nn.Module, once: Forward) -> Forward:
    """A block's `forward` that works again through its call, with all hooks, for the gradients."""
    within = False

    def again(*args: object, **kwargs: object) -> object:
        nonlocal within
        within = True
        try:
            return block(*args, **kwargs)
        finally:
            within = False

    def forward(*args: object, **kwargs: object) -> object:
        if within:
            return once(*args, **kwargs)
        return _checkpoint(again, *args, use_reentrant=False, **kwargs)

    return forward
