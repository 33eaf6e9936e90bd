"""The last prompts that were encoded, kept."""

from collections import OrderedDict
from collections.abc import Callable

from backend.engine.families.base import Conditioning

REMEMBERED = 8

EncodePrompts = Callable[[str, str], Conditioning]
"""Encodes what to draw and what not."""


def remembering(encode: EncodePrompts) -> EncodePrompts:
    """The same function, which encodes each of the last pairs of prompts only once."""
    recent: OrderedDict[tuple[str, str], Conditioning] = OrderedDict()

    def remembered(positive: str, negative: str) -> Conditioning:
        pair = (positive, negative)
        if pair not in recent:
            recent[pair] = encode(positive, negative)
        recent.move_to_end(pair)
        while len(recent) > REMEMBERED:
            recent.popitem(last=False)
        return recent[pair]

    return remembered
