"""Soft edges by TEED.

Source: Soria et al., “Tiny and Efficient Model for the Edge Detection Generalization”, 2023, by way
of controlnet-aux.
"""

import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map, as_tensor, enlarged, fitted, in_steps
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo, WeightsInfo

_STEPS = ParameterInfo(
    field="threshold_a",
    label="Grey steps",
    help="In how many steps edges fade; 0 lets them fade smoothly.",
    minimum=0,
    maximum=10,
    step=1,
    default=2,
)
_MULTIPLE = 8


@preprocessor(
    PreprocessorInfo(
        id="softedge_teed",
        label="Soft edge (TEED)",
        help="Soft outlines from the smallest network, crisper than HED's.",
        makes=ControlType.SOFT_EDGE,
        aliases=("teed",),
        parameters=(_STEPS,),
        weights=(
            WeightsInfo(repository="fal-ai/teed", file="5_model.pth", bytes=247_000, license="mit"),
        ),
    )
)
def teed(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White edges on black."""
    steps, edges = round(settings.threshold_a), edges_of(picture, settings)
    return as_map(in_steps(edges, steps) if steps else edges, picture.size)


def edges_of(picture: Image.Image, settings: MapSettings) -> Numbers:
    """How sure an edge is, from 0 to 1, shape (height, width) of about the picture's size."""
    with at_work(part_of("teed.ted", "TED"), settings.files[0], settings.device) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device) * 255
        height, width = pixels.shape[-2:]
        scales: list[torch.Tensor] = network(pixels)
        layers = torch.cat([enlarged(each, height, width) for each in scales])
        return np.asarray(layers.mean(0)[0].sigmoid().cpu())
