"""Soft edges with the picture's own lines drawn in.

Source: TheMisto.ai's Anyline, 2024: TEED's network trained anew, and the dark lines that are
narrower than a blur, by way of controlnet-aux.
"""

import cv2
import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map, in_steps
from backend.engine.control.preprocessors.teed import edges_of
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo, WeightsInfo

_BLUR = 2.0
_FAINTEST = 3.0
_LEAST_MEDIAN = 16.0
_SMALLEST = 12
"""Pixels of a line that is not noise."""


@preprocessor(
    PreprocessorInfo(
        id="softedge_anyline",
        label="Soft edge (Anyline)",
        help="Edges together with the finest lines of the picture, for MistoLine and line art.",
        makes=ControlType.SOFT_EDGE,
        aliases=("anyline",),
        weights=(
            WeightsInfo(
                repository="TheMistoAI/MistoLine",
                file="Anyline/MTEED.pth",
                bytes=246_327,
                license="openrail++",
            ),
        ),
    )
)
def anyline(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White edges and lines on black."""
    edges = np.asarray(as_map(in_steps(edges_of(picture, settings)), picture.size).convert("L"))
    joined = np.maximum(edges.astype(np.float32) / 255, fine_lines(picture))
    return as_map(torch.from_numpy(joined), picture.size)


def fine_lines(picture: Image.Image) -> Numbers:
    """How much darker a pixel is than what is around it, from 0 to 1, shape (height, width)."""
    values = np.asarray(picture, np.float32)
    darker = (cv2.GaussianBlur(values, (0, 0), _BLUR) - values).min(2).clip(0, 255)
    seen = darker[darker > _FAINTEST]
    strength = max(_LEAST_MEDIAN, float(np.median(seen)) if seen.size else 0.0)
    lines = (darker / strength * 127).clip(0, 255)
    drawn = (lines >= 1).astype(np.uint8)
    _, places, facts, _ = cv2.connectedComponentsWithStats(drawn, connectivity=4)
    large = facts[:, cv2.CC_STAT_AREA] >= _SMALLEST
    large[0] = False
    return np.where(large[places], lines / 255, 0).astype(np.float32)
