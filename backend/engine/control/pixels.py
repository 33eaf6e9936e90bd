"""From pictures to what networks look at, and from what they see to maps."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of the pictures that many networks learned from."""
_LONGEST = 4
"""Times the shorter side that networks learned from."""
_FARTHEST_SHARE = 85
_NEAREST_SHARE = 2


def fitted(picture: Image.Image, multiple: int) -> Image.Image:
    """A picture whose sides are the nearest multiples of a number, which networks ask for."""
    width, height = (max(1, round(side / multiple)) * multiple for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def sized(picture: Image.Image, shorter: int, multiple: int) -> Image.Image:
    """A picture at the size that a network learned from; narrow ones stay smaller.

    Args:
        picture: Any.
        shorter: Pixels of its shorter side.
        multiple: What both sides are multiples of.
    """
    factor = min(shorter / min(picture.size), _LONGEST * shorter / max(picture.size))
    width, height = (max(1, round(side * factor / multiple)) for side in picture.size)
    return picture.resize((width * multiple, height * multiple), Image.Resampling.BICUBIC)


def as_tensor(picture: Image.Image, device: torch.device) -> Tensor:
    """A picture as a network sees it.

    Returns:
        From 0 to 1, shape (1, 3, height, width).
    """
    values = torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None] / 255
    return values.contiguous().to(device)


def normalised(values: Tensor, means: Sequence[float], deviations: Sequence[float]) -> Tensor:
    """Values less their mean, by their deviation; shape (1, 3, height, width)."""
    mean = values.new_tensor(means).view(1, 3, 1, 1)
    return (values - mean) / values.new_tensor(deviations).view(1, 3, 1, 1)


def as_map(seen: Tensor | Numbers, size: tuple[int, int]) -> Image.Image:
    """A map of what a network saw.

    Args:
        seen: From 0 to 1, shape (height, width), or (3, height, width) for colours.
        size: The map's width and height.
    """
    values = seen.detach().float().cpu().numpy() if isinstance(seen, Tensor) else seen
    whole = np.nan_to_num(values * 255).clip(0, 255).astype(np.uint8)
    whole = whole.transpose(1, 2, 0) if whole.ndim == 3 else whole  # noqa: PLR2004  colours
    picture = Image.fromarray(np.ascontiguousarray(whole)).convert("RGB")
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BILINEAR)


def enlarged(values: Tensor, height: int, width: int) -> Tensor:
    """Values at another size; shape (1, channels, height, width)."""
    return functional.interpolate(values, (height, width), mode="bilinear", align_corners=False)


def nearness(depth: Tensor) -> Tensor:
    """What is nearest as 1 and what is farthest as 0, of values that grow with nearness."""
    low, high = depth.min(), depth.max()
    return (depth - low) / (high - low).clamp_min(1e-8)


def nearness_of_metres(depth: Tensor) -> Tensor:
    """What is nearest as 1, of distances; the far background becomes black.

    Source: Bhat et al., “ZoeDepth”, 2023, as ControlNet's depth models learned from it.
    """
    values = depth.float().flatten().cpu().numpy()
    near, far = np.percentile(values, (_NEAREST_SHARE, _FARTHEST_SHARE))
    return (1 - (depth - float(near)) / max(float(far - near), 1e-8)).clamp(0, 1)


def in_steps(edge: Numbers, steps: int = 2) -> Numbers:
    """Values from 0 to 1 in a few steps, so that faint textures do not shine through."""
    return (np.floor(edge.astype(np.float32) * (steps + 1)) / steps).clip(0, 1)


def as_scribble(edge: Image.Image) -> Image.Image:
    """Thick white lines along the ridges of an edge map, as if drawn by hand.

    Source: ControlNet's fake scribbles: ridges in any of four directions, then thickened.
    """
    blurred = cv2.GaussianBlur(np.asarray(edge.convert("L"), np.float32), (0, 0), 3.0)
    ridges = np.zeros_like(blurred)
    for direction in _directions():
        peaks = cv2.dilate(blurred, direction) == blurred
        ridges[peaks] = blurred[peaks]
    lines = np.where(ridges > 127, 255, 0).astype(np.float32)  # noqa: PLR2004  half of white
    thick = cv2.GaussianBlur(lines, (0, 0), 3.0) > 4  # noqa: PLR2004  whatever is touched
    return Image.fromarray(np.where(thick, 255, 0).astype(np.uint8)).convert("RGB")


def _directions() -> tuple[Bytes, ...]:
    """Lines of three pixels: level, upright and the two diagonals."""
    flat = np.zeros((3, 3), np.uint8)
    flat[1, :] = 1
    diagonal = np.eye(3, dtype=np.uint8)
    return flat, np.ascontiguousarray(flat.T), diagonal, np.ascontiguousarray(diagonal[::-1])
