"""Soft edges by PiDiNet, and what is drawn along them.

Source: Su et al., “Pixel Difference Networks for Efficient Edge Detection”, 2021, by way of
controlnet-aux.
"""

import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map, as_scribble, as_tensor, fitted, in_steps
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_WEIGHTS = (annotator("table5_pidinet.pth", 2_871_148, "research and non-commercial use"),)
_MULTIPLE = 8


@preprocessor(
    PreprocessorInfo(
        id="softedge_pidinet",
        label="Soft edge (PiDiNet)",
        help="Soft, clean outlines, small and fast; for living things and fabrics.",
        makes=ControlType.SOFT_EDGE,
        aliases=("pidinet", "pidi", "softedge_pidi"),
        weights=_WEIGHTS,
        usual=True,
    )
)
def pidinet(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White edges on black, the softer the less sure."""
    return as_map(_edges(picture, settings), picture.size)


@preprocessor(
    PreprocessorInfo(
        id="softedge_pidisafe",
        label="Soft edge (PiDiNet, safe)",
        help="PiDiNet in a few grey steps, so that hidden details do not shine through.",
        makes=ControlType.SOFT_EDGE,
        aliases=("pidinet_safe", "softedge_pidinetsafe"),
        weights=_WEIGHTS,
    )
)
def pidinet_in_steps(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The same, in three greys."""
    return as_map(in_steps(_edges(picture, settings)), picture.size)


@preprocessor(
    PreprocessorInfo(
        id="scribble_pidinet",
        label="Fake scribble (PiDiNet)",
        help="Thick lines as if scribbled by hand, along clean soft edges.",
        makes=ControlType.SCRIBBLE,
        aliases=("pidinet_scribble", "scribble_pidi"),
        weights=_WEIGHTS,
    )
)
def scribble_pidinet(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Thick white lines on black."""
    return as_scribble(as_map(_edges(picture, settings), picture.size))


def _edges(picture: Image.Image, settings: MapSettings) -> Numbers:
    """How sure an edge is, from 0 to 1, shape (height, width)."""
    build = part_of("pidi.model", "pidinet")
    with at_work(build, settings.files[0], settings.device, ("module.",)) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        blue_first = pixels.flip(1)  # as OpenCV gave its pictures
        layers: list[torch.Tensor] = network(blue_first)
        return np.asarray(layers[-1][0, 0].cpu())
