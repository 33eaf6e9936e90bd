"""Soft edges, found without a network."""

import cv2
import numpy as np
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map
from backend.engine.control.registry import preprocessor
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_SCALES = (1.0, 2.0, 4.0)
"""Pixels over which brightness is compared: fine lines up to the outlines of things."""
_STRONG = 98
"""The per cent of the picture that are no strong edges."""
_LEAST = 8.0
"""The change in brightness, of 255, that a strong edge has at least: noise is none."""


@preprocessor(
    PreprocessorInfo(
        id="softedge_gradient",
        label="Soft edge (no download)",
        help="Soft outlines by changes of colour; PiDiNet and HED tell things from textures.",
        makes=ControlType.SOFT_EDGE,
        stands_in=True,
    )
)
def soft_edge(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White edges on black, the softer the weaker: the mean of several scales."""
    del settings  # it has none
    lab = np.asarray(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB), np.float32)
    edges = sum((_edges(lab, scale) for scale in _SCALES), np.zeros(lab.shape[:2], np.float32))
    strong = max(float(np.percentile(edges, _STRONG)), _LEAST * len(_SCALES))
    return as_map(((edges / strong).clip(0, 1) ** 1.5).astype(np.float32), picture.size)


def _edges(lab: Numbers, scale: float) -> Numbers:
    """How much colours change around each pixel, over a scale; shape (height, width)."""
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), scale))
    across = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0)) / 16
    along = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1)) / 16
    return np.hypot(across, along).max(2) * scale
