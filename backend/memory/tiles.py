"""How a picture is cut into tiles for decoding: what the engine does and what is planned with."""

import math

OVERLAP_SHARE = 4
"""Neighbours overlap by at least this part of a tile's side, and fade into each other there."""
PASSES = 2
"""Each tile is decoded twice: group norms are measured first, then used."""
CANVAS = 4 * 4
"""Bytes of a pixel while the picture is put together: three colours and their weight."""


def tiles_along(length: int, side: int) -> int:
    """How many tiles of `side` latents cover `length` latents: as few as overlap enough."""
    if length <= side:
        return 1
    overlap = side // OVERLAP_SHARE
    return math.ceil((length - overlap) / (side - overlap))


def decoded_pixels(width: int, height: int, side: int) -> int:
    """Latents that are decoded in all, where a picture of so many is decoded in tiles.

    One tile more is decoded to begin with: a thinned-out picture, for a first guess of the norms.
    """
    tile = min(width, side) * min(height, side)
    return tile * (PASSES * tiles_along(width, side) * tiles_along(height, side) + 1)
