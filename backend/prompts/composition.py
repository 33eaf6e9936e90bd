"""Several prompts in one: `a castle AND fog:0.6`.

Source: the grammar that AUTOMATIC1111's web UI documents under “Composable Diffusion”.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.prompts.placed import stripped

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*([-+]?(?:\d+\.?|\d*\.\d+))\s*")


@dataclass(frozen=True)
class Subprompt:
    """One of the prompts, and how strongly it counts beside the others."""

    text: str
    weight: float


def split_prompts(text: str) -> tuple[Subprompt, ...]:
    """The prompts between the words AND, each with the weight behind its last colon, or 1."""
    return tuple(_subprompt(part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    start = 0
    for found in _AND.finditer(text):
        yield text[start : found.start()]
        start = found.end()
    yield text[start:]


def _subprompt(text: str) -> Subprompt:
    colon = max(text.rfind(":"), 0)
    words, behind = text[:colon], text[colon:].removeprefix(":")
    found = _WEIGHT.fullmatch(behind) if words or text.startswith(":") else None
    weight = float(found[1]) if found else math.inf
    if not math.isfinite(weight):
        return Subprompt(stripped(text, left=False), 1.0)
    return Subprompt(stripped(words, left=False), weight)
