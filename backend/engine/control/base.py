"""What the engine asks of what makes maps, and of the models that follow them."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from backend.engine.control.unit import ControlNetwork
from backend.engine.families.base import Model
from backend.schema.controls import ResolvedControl
from backend.schema.events import Event


@dataclass(frozen=True)
class MapSettings:
    """What a preprocessor is told besides the picture."""

    device: torch.device
    """Where it works."""
    threshold_a: float = 0.0
    """Its first parameter, its default filled in."""
    threshold_b: float = 0.0
    """Its second."""
    files: tuple[Path, ...] = ()
    """Its weights, in the order of its `weights`."""
    mask: Image.Image | None = None
    """Grey, as large as the picture; for maps that tell what is to be painted."""


PreprocessFunction = Callable[[Image.Image, MapSettings], Image.Image]
"""Makes a map of a picture, both RGB and of one size."""


LoadNetwork = Callable[[ResolvedControl, Model], Generator[Event, None, ControlNetwork]]
"""Reads a control model and has it lie in the checkpoint's workplace."""
