"""Filling what is not known of a picture with the colours around it.

Source: the push-pull pyramid of Gortler et al. 1996, “The Lumigraph”, section 3.6.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
_GREY = 127.5


def smeared(colours: Values, known: Values) -> Values:
    """The picture with its unknown parts filled, more smoothly the farther from what is known.

    Args:
        colours: Shape (height, width, 3), of any range.
        known: How much of each pixel is known, from 0 to 1, shape (height, width).

    Returns:
        Shape (height, width, 3); what is wholly known is as it was. All grey where nothing is.
    """
    if not known.any():
        return np.full_like(colours, _GREY)
    weighted = np.concatenate([colours * known[..., None], known[..., None]], axis=-1)
    filled = _filled(weighted)
    return (known[..., None] * colours + (1 - known[..., None]) * filled).astype(np.float32)


def _filled(weighted: Values) -> Values:
    """Colours from colours times weight, and weight; what has none takes that of a coarser view."""
    weight = weighted[..., 3:]
    own = weighted[..., :3] / np.maximum(weight, 1e-6)
    if min(weighted.shape[:2]) == 1 or weight.min() >= 1:
        return cast("Values", own if weight.all() else _mean(weighted))
    coarse = _doubled(_filled(_halved(weighted)), weighted.shape[:2])
    share = np.minimum(weight, 1)
    return cast("Values", share * own + (1 - share) * coarse)


def _mean(weighted: Values) -> Values:
    total = weighted.sum((0, 1))
    return np.broadcast_to(total[:3] / total[3].clip(1e-6), (*weighted.shape[:2], 3))


def _halved(weighted: Values) -> Values:
    """Half as large: sums of four, of which a whole one is enough to know the pixel."""
    height, width = weighted.shape[:2]
    even = np.pad(weighted, ((0, height % 2), (0, width % 2), (0, 0)))
    summed = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return cast("Values", summed / np.maximum(summed[..., 3:], 1))


def _doubled(values: Values, shape: tuple[int, ...]) -> Values:
    """Twice as large, smoothly, cut to a shape (height, width)."""
    rows = _doubled_along(values, 0)[: shape[0]]
    return _doubled_along(rows, 1)[:, : shape[1]]


def _doubled_along(values: Values, axis: int) -> Values:
    """Each value becomes two, a quarter of the way to its neighbours."""
    edges = [(0, 0)] * values.ndim
    edges[axis] = (1, 1)
    padded = np.pad(values, edges, mode="edge")
    length = values.shape[axis]
    before, after = padded.take(range(length), axis), padded.take(range(2, length + 2), axis)
    pairs = np.stack([values * 0.75 + before * 0.25, values * 0.75 + after * 0.25], axis + 1)
    shape = list(values.shape)
    shape[axis] *= 2
    return pairs.reshape(shape).astype(np.float32)
