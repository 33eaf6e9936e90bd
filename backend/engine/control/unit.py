"""A picture that steers a drawing, ready for its steps."""

from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from torch import Tensor
from torch.nn import Module

from backend.engine.window import Window
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlMode

Shown = tuple[Tensor, ...]
"""What a network made of a map once; each of a single row, shape (1, …), which calls repeat."""


class ControlNetwork(Protocol):
    """A model that follows maps, loaded for a checkpoint."""

    @property
    def module(self) -> Module:
        """What lies in the checkpoint's workplace."""
        ...

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """What it makes of a map once, before the first step.

        Args:
            picture: RGB, of the size that is drawn; for an IP-Adapter the picture, of any size.
            mask: Grey, of the same size: what is to be painted, for models that are told; None for
                all others.
        """
        ...


@dataclass(frozen=True)
class Unit:
    """A picture that steers a drawing, ready for its steps."""

    network: ControlNetwork
    shown: Shown
    """What the network made of the map."""
    weight: float
    mode: ControlMode
    begins: float
    """The highest noise level at which it steers."""
    ends: float
    """It steers above this noise level only."""
    type: ControlType | None = None
    """What the map shows, for networks that know several kinds."""
    mask: Tensor | None = None
    """Where it steers, from 0 to 1, shape (1, 1, height, width) in pixels; None for everywhere."""
    low_vram: bool = False
    """Whether the network is on the device only while it works; see `Workplace.briefly`."""

    def steers(self, sigma: float) -> bool:
        """Whether it has a say at a noise level."""
        return self.ends < sigma <= self.begins

    def seen_through(self, window: Window) -> Shown:
        """What was made of the part of the map that is drawn now."""
        return tuple(window.cut(each) if each.ndim == _PICTURES else each for each in self.shown)


_PICTURES = 4
"""Dimensions of what has a height and a width."""
