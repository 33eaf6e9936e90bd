"""Networks that see the opposite edge of a picture beyond each edge: it repeats without seams."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from torch import Tensor, nn
from torch.nn import functional

from backend.schema.picture_settings import Seamless


@dataclass(frozen=True)
class Wrap:
    """Along which sides a picture continues at its opposite edge."""

    across: bool = False
    down: bool = False

    @classmethod
    def of(cls, seamless: Seamless) -> Self:
        """As it is asked for."""
        return cls(across=seamless in {"both", "across"}, down=seamless in {"both", "down"})

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return self.across or self.down

    def extended(self, values: Tensor, margin: int) -> Tensor:
        """Add so much of the opposite edge at each edge.

        Args:
            values: Shape (batch, channels, height, width), larger than the margin.
            margin: In pixels or latents, whatever the values are.
        """
        across, down = margin * self.across, margin * self.down
        return functional.pad(values, (across, across, down, down), mode="circular")

    def cut(self, values: Tensor, margin: int) -> Tensor:
        """Take away what `extended` added, of values of shape (..., height, width)."""
        height, width = values.shape[-2:]
        across, down = margin * self.across, margin * self.down
        return values[..., down : height - down, across : width - across]


NO_WRAP = Wrap()


@contextmanager
def wrapped(module: nn.Module, wrap: Wrap) -> Generator[None]:
    """Within, a module's convolutions wrap around; for single calls, since others may share it.

    What surrounds a convolution's input is put there before it is called, and the layer is told to
    add nothing more; so whatever takes its place, such as an adapter's sum, wraps around, too.
    """
    with ExitStack() as undone:
        for layer in _convolutions(module) if wrap else ():
            down, across = (int(side) for side in layer.padding)
            undone.callback(setattr, layer, "padding", layer.padding)
            hook = layer.register_forward_pre_hook(partial(_surround, wrap, across, down))
            undone.callback(hook.remove)
            layer.padding = (0 if wrap.down else down, 0 if wrap.across else across)
        yield


def _convolutions(module: nn.Module) -> Generator[nn.Conv2d]:
    """Those that add something around what they read."""
    for each in module.modules():
        if isinstance(each, nn.Conv2d) and any(each.padding):
            yield each


def _surround(
    wrap: Wrap, across: int, down: int, layer: nn.Module, seen: tuple[Tensor, ...]
) -> Tensor:
    """A hook that adds the opposite edges to what a convolution reads."""
    del layer
    beside, above = across * wrap.across, down * wrap.down
    return functional.pad(seen[0], (beside, beside, above, above), mode="circular")
