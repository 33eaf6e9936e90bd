"""Selecting what stands out around a click or within a box, with GrabCut.

Rother, Kolmogorov and Blake, “GrabCut: Interactive foreground extraction using iterated graph
cuts”, SIGGRAPH 2004: colours of what is wanted and of the rest are learned from a rough guess, and
the cheapest line between them is cut; both are repeated.
"""

import importlib
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from backend.schema.errors import RequestError

Bytes = NDArray[np.uint8]

LONGEST_SIDE = 1024
"""In pixels; a larger picture is looked at this small, because the cut takes time."""
_ROUNDS = 4
_ALIKE = 10
"""How far a colour may lie from that of the click to belong to it for certain, in each channel."""
_LEAST_SEED, _SEED = 0.0004, 0.012
"""A share of the picture, and a radius as a share of its longer side, for the first guess."""
_LEAST_SPREAD, _LIKENESS = 6.0, 2.0
"""How much colours of one thing differ at least, in Lab, and how many times as far they may lie."""
_LEAST, _MOST = 0.0005, 0.97
"""What is selected is a thing when it takes such a share of the picture."""
_LEAST_CONTRAST = 12.0
"""How far its colour lies from that just around it, in Lab: less is texture."""
_MINOR = 0.1
"""In a box, further things count when they are at least this large beside the largest."""
_SPECK = 0.01
"""Pieces and holes of a smaller share of the thing are noise."""
_SMALLEST_BOX = 4


@dataclass(frozen=True)
class Wanted:
    """Where somebody clicked, or the box that they drew, in pixels of the picture."""

    point: tuple[int, int] | None = None
    box: tuple[int, int, int, int] | None = None
    """Two corners: x, y, x, y."""


def select(pixels: Bytes, wanted: Wanted) -> Bytes:
    """The mask of what is wanted: 255 where it is, else 0, as large as the picture.

    Args:
        pixels: RGB, height × width × 3.
        wanted: A click, or a box around the thing.

    Raises:
        RequestError: When that lies outside the picture, or nothing stands out there.
    """
    cv2 = _opencv()
    height, width = pixels.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Bytes = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    bgr = np.ascontiguousarray(small[..., ::-1])
    if wanted.box is not None:
        found = _in_box(cv2, bgr, _scaled_box(wanted.box, (width, height), size))
    elif wanted.point is not None:
        found = _at_point(cv2, bgr, _scaled_point(wanted.point, (width, height), size))
    else:
        raise RequestError("Nothing was pointed at.", "Click on a thing in the picture.")
    if scale == 1:
        return found
    whole: Bytes = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(whole > 127, 255, 0).astype(np.uint8)  # noqa: PLR2004  half of 255


def _at_point(cv2: ModuleType, bgr: Bytes, point: tuple[int, int]) -> Bytes:
    seed = _seed(cv2, bgr, point)
    guess = np.full(seed.shape, cv2.GC_PR_BGD, np.uint8)
    around = cv2.dilate(seed, _disc(cv2, max(3, max(seed.shape) // 40)))
    guess[(around > 0) | _like(cv2, bgr, seed)] = cv2.GC_PR_FGD
    guess[seed > 0] = cv2.GC_FGD
    cut = _cut(cv2, bgr, guess)
    x, y = point
    _, labels = cv2.connectedComponents(cut)
    found = np.where((labels == labels[y, x]) & (cut > 0), 255, 0).astype(np.uint8)
    return _whole(cv2, bgr, found)


def _in_box(cv2: ModuleType, bgr: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    left, top, right, bottom = box
    guess = np.full(bgr.shape[:2], cv2.GC_BGD, np.uint8)
    guess[top:bottom, left:right] = cv2.GC_PR_FGD
    cut = _cut(cv2, bgr, guess)
    _, _, facts, _ = cv2.connectedComponentsWithStats(cut)
    largest = float(facts[1:, cv2.CC_STAT_AREA].max(initial=0))
    return _whole(cv2, bgr, _without_specks(cv2, cut, _MINOR * largest))


def _seed(cv2: ModuleType, bgr: Bytes, point: tuple[int, int]) -> Bytes:
    """What belongs to the thing for certain: pixels around the click that look like it."""
    calm = cv2.medianBlur(bgr, 7)
    height, width = bgr.shape[:2]
    mask = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | (255 << 8) | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY
    cv2.floodFill(calm, mask, point, 0, (_ALIKE,) * 3, (_ALIKE,) * 3, flags)
    seed = mask[1:-1, 1:-1]
    if np.count_nonzero(seed) < _LEAST_SEED * seed.size:
        seed = np.zeros((height, width), np.uint8)
        cv2.circle(seed, point, max(2, round(_SEED * max(height, width))), 255, -1)
    return seed


def _like(cv2: ModuleType, bgr: Bytes, seed: Bytes) -> NDArray[np.bool_]:
    """What has the colours of the seed, wherever it lies."""
    lab = cv2.cvtColor(cv2.medianBlur(bgr, 5), cv2.COLOR_BGR2LAB).astype(np.float32)
    inside = lab[seed > 0]
    spread = np.cov(inside, rowvar=False) + np.eye(3) * _LEAST_SPREAD**2
    away = lab - inside.mean(0)
    return np.einsum("...i,ij,...j", away, np.linalg.inv(spread), away) < _LIKENESS**2


def _cut(cv2: ModuleType, bgr: Bytes, guess: Bytes) -> Bytes:
    """255 where the cut leaves what is wanted."""
    if not np.isin(guess, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        raise _nothing()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the same click selects the same
    cv2.grabCut(bgr, guess, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.where((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)


def _whole(cv2: ModuleType, bgr: Bytes, found: Bytes) -> Bytes:
    """What was found, without frays and specks.

    Raises:
        RequestError: When it is no thing: hardly anything, everything, or texture.
    """
    disc = _disc(cv2, 2)
    calm = cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_CLOSE, disc), cv2.MORPH_OPEN, disc)
    least = _SPECK * np.count_nonzero(calm)
    calm = 255 - _without_specks(cv2, 255 - _without_specks(cv2, calm, least), least)
    share = np.count_nonzero(calm) / calm.size
    if not _LEAST <= share <= _MOST or _contrast(cv2, bgr, calm) < _LEAST_CONTRAST:
        raise _nothing()
    return calm


def _without_specks(cv2: ModuleType, found: Bytes, least: float) -> Bytes:
    """What remains where pieces of fewer pixels are left out."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(found)
    large = facts[:, cv2.CC_STAT_AREA] >= least
    return np.where(large[labels] & (found > 0), 255, 0).astype(np.uint8)


def _contrast(cv2: ModuleType, bgr: Bytes, found: Bytes) -> float:
    """How far the mean colour inside the edge lies from that outside it, in Lab."""
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB).astype(np.float32)
    disc = _disc(cv2, max(3, max(found.shape) // 64))
    inside = (found > 0) & (cv2.erode(found, disc) == 0)
    outside = (cv2.dilate(found, disc) > 0) & (found == 0)
    if not inside.any() or not outside.any():
        return 0.0
    return float(np.linalg.norm(lab[inside].mean(0) - lab[outside].mean(0)))


def _scaled_point(
    point: tuple[int, int], whole: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int]:
    x, y = point
    if not (0 <= x < whole[0] and 0 <= y < whole[1]):
        raise RequestError("That click is outside the picture.", "Click on the picture itself.")
    return x * size[0] // whole[0], y * size[1] // whole[1]


def _scaled_box(
    box: tuple[int, int, int, int], whole: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    xs = sorted(min(max(at, 0), whole[0]) * size[0] // whole[0] for at in (box[0], box[2]))
    ys = sorted(min(max(at, 0), whole[1]) * size[1] // whole[1] for at in (box[1], box[3]))
    if xs[1] - xs[0] < _SMALLEST_BOX or ys[1] - ys[0] < _SMALLEST_BOX:
        raise RequestError(
            "That box holds too little of the picture.", "Drag it around the whole thing."
        )
    return xs[0], ys[0], xs[1], ys[1]


def _disc(cv2: ModuleType, radius: int) -> Bytes:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _nothing() -> RequestError:
    return RequestError(
        "Nothing stands out there.", "Drag a box around the thing, or paint it with the brush."
    )


def _opencv() -> ModuleType:
    """OpenCV, which is large: only who selects something waits for it."""
    return importlib.import_module("cv2")
