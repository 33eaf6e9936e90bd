"""Canny edges, and how well the edges of one picture agree with those of another."""

import cv2
import numpy as np
import numpy.typing as npt

from recipes.starter.colours import Picture

EdgeMap = npt.NDArray[np.bool_]
"""Height × width; true where there is an edge."""

TOLERANCE = 2
"""An edge of a 128 px picture may lie this many pixels beside the other and still agree."""

_WEAK, _STRONG = 100, 200
"""Canny's usual thresholds."""


def find_edges(picture: Picture) -> EdgeMap:
    """Find the edges of an RGB picture, values 0–1 (Canny, 1986)."""
    pixels = (picture.clip(0, 1) * 255).round().astype(np.uint8)
    return cv2.Canny(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), _WEAK, _STRONG) > 0


def agreement(found: EdgeMap, wanted: EdgeMap) -> float:
    """Return the F1 of two edge maps, 0–1.

    Precision is the share of found edges that lie in the dilated wanted ones, recall the share of
    wanted edges that lie in the dilated found ones.
    """
    if not found.any() or not wanted.any():
        return 0.0
    precision = float(_dilate(wanted)[found].mean())
    recall = float(_dilate(found)[wanted].mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _dilate(edges: EdgeMap) -> EdgeMap:
    side = 2 * TOLERANCE + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(edges.astype(np.uint8), kernel) > 0
