"""Where tiles lie along one side of a picture: pure arithmetic."""

import math
from dataclasses import dataclass

CONTEXT, BLEND = 16, 16
"""Pixels around a tile that only inform its edges, and pixels that two tiles share."""
_SHARE = 8
"""Of a small tile, context and blend are one part in so many."""


@dataclass(frozen=True)
class Span:
    """A stretch of one side."""

    first: int
    """The first of the picture's pixels that are read."""
    last: int
    """One after the last."""
    start: int
    """The first of the result's pixels that come of them."""
    end: int
    """One after the last; the next span starts before it, and the two fade into each other."""


def spans(length: int, result: int, tile: int) -> tuple[Span, ...]:
    """Divide one side into stretches of about equal length, none longer than a tile.

    Args:
        length: Of the picture's side, in pixels.
        result: Of the result's side.
        tile: The most pixels of the picture that are read at once; at least 32.
    """
    if length <= tile:
        return (Span(0, length, 0, result),)
    context, blend = (min(each, tile // _SHARE) for each in (CONTEXT, BLEND))
    longest = tile - 2 * context - 2  # both ends are rounded outwards
    count = math.ceil((length - blend) / (longest - blend))
    kept = (length + (count - 1) * blend) / count
    ratio = result / length
    found: list[Span] = []
    for number in range(count):
        begin = number * (kept - blend)
        end = begin + kept
        found.append(
            Span(
                first=max(0, math.floor(begin) - context),
                last=min(length, math.ceil(end) + context),
                start=round(begin * ratio),
                end=result if number == count - 1 else round(end * ratio),
            )
        )
    return tuple(found)
