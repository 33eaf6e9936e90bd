"""Several prompts in one: `a castle AND fog:0.6`.

Source: the grammar that AUTOMATIC1111's web UI documents under “Composable Diffusion”.
"""

import math
import re
from dataclasses import dataclass

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*([-+]?(?:\d+\.?|\d*\.\d+))\s*")


@dataclass(frozen=True)
class Subprompt:
    """One of the prompts, and how strongly it counts beside the others."""

    text: str
    weight: float


def split_prompts(text: str) -> tuple[Subprompt, ...]:
    """The prompts between the words AND, each with the weight behind its last colon, or 1."""
    return tuple(_subprompt(part) for part in _AND.split(text))


def _subprompt(text: str) -> Subprompt:
    words, _, behind = text.rpartition(":")
    found = _WEIGHT.fullmatch(behind) if words or text.startswith(":") else None
    weight = float(found[1]) if found else math.inf
    if not math.isfinite(weight):
        return Subprompt(text.rstrip(), 1.0)
    return Subprompt(words.rstrip(), weight)
