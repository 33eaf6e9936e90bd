"""Soft edges by HED, and what is drawn along them.

Source: Xie and Tu, “Holistically-Nested Edge Detection”, 2015, by way of controlnet-aux, with the
weights that ControlNet's author trained for it.
"""

import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import (
    Numbers,
    as_map,
    as_scribble,
    as_tensor,
    enlarged,
    in_steps,
)
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_WEIGHTS = (annotator("ControlNetHED.pth", 29_444_406, "apache-2.0"),)


@preprocessor(
    PreprocessorInfo(
        id="softedge_hed",
        label="Soft edge (HED)",
        help="Soft outlines that keep many details, for living things and recolouring.",
        makes=ControlType.SOFT_EDGE,
        aliases=("hed",),
        weights=_WEIGHTS,
    )
)
def hed(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White edges on black, the softer the less sure."""
    return as_map(_edges(picture, settings), picture.size)


@preprocessor(
    PreprocessorInfo(
        id="softedge_hedsafe",
        label="Soft edge (HED, safe)",
        help="HED in a few grey steps, so that hidden details of the picture do not shine through.",
        makes=ControlType.SOFT_EDGE,
        aliases=("hed_safe",),
        weights=_WEIGHTS,
    )
)
def hed_in_steps(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The same, in three greys."""
    return as_map(in_steps(_edges(picture, settings)), picture.size)


@preprocessor(
    PreprocessorInfo(
        id="scribble_hed",
        label="Fake scribble (HED)",
        help="Thick lines as if scribbled by hand, along soft edges.",
        makes=ControlType.SCRIBBLE,
        aliases=("fake_scribble",),
        weights=_WEIGHTS,
    )
)
def scribble_hed(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Thick white lines on black."""
    return as_scribble(as_map(_edges(picture, settings), picture.size))


def _edges(picture: Image.Image, settings: MapSettings) -> Numbers:
    """How sure an edge is, from 0 to 1, shape (height, width)."""
    build = part_of("hed", "ControlNetHED_Apache2")
    with at_work(build, settings.files[0], settings.device) as network:
        pixels = as_tensor(_large_enough(picture), settings.device) * 255
        scales: tuple[torch.Tensor, ...] = network(pixels)
        height, width = pixels.shape[-2:]
        layers = torch.cat([enlarged(each, height, width) for each in scales])
        return np.asarray(layers.mean(0)[0].sigmoid().cpu())


def _large_enough(picture: Image.Image) -> Image.Image:
    """It is halved four times on its way through the network."""
    width, height = (max(side, 16) for side in picture.size)
    return picture.resize((width, height)) if (width, height) != picture.size else picture
