r"""How much each part of a prompt counts: `(more)`, `[less]`, `(exactly:1.3)`, `\(` for a bracket.

Round brackets multiply by 1.1, square ones divide by it, a number replaces the 1.1; nested ones
multiply. What does not close ends with the text; a backslash before anything else is left out.
`BREAK` between words begins a new piece.

Source: the grammar that AUTOMATIC1111's web UI documents under “Attention/emphasis” and BREAK.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from backend.prompts.placed import joined, stripped

MORE, LESS = 1.1, 1 / 1.1
HEAVIEST = 1e6
"""Weights end here, so that no nesting makes one infinite."""
BREAK = "BREAK"
_BREAK_WEIGHT = -1
"""What stands for the weight of a break in lists of text and weight."""

_SIGNS = re.compile(
    r"(?P<escaped>\\[\\()\[\]]?)|:\s*(?P<number>[+-]?[.\d]+)\s*\)|(?P<sign>[()\[\]])|[^\\()\[\]:]+|:"
)
_BREAKS = re.compile(r"\bBREAK\b")
_BRACKETS = re.compile(r"\\?(?P<bracket>[()\[\]])")


@dataclass(frozen=True)
class Weighted:
    """A part of a prompt, and how much it counts."""

    text: str
    weight: float
    breaks: bool = False
    """Whether it is no text but the end of a piece; `weight` is then that of the marker."""


class _Reader:
    """What has been read so far, and which brackets are open."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, bool]] = []
        self.weights: list[float] = []
        self.open: dict[str, list[int]] = {"(": [], "[": []}

    def add(self, text: str, *, breaks: bool = False) -> None:
        self.parts.append((text, breaks))
        self.weights.append(_BREAK_WEIGHT if breaks else 1.0)

    def add_words(self, text: str) -> None:
        start = 0
        for found in _BREAKS.finditer(text):
            self.add(stripped(text[start : found.start()], left=start > 0))
            self.add(text[found.start() : found.end()], breaks=True)
            start = found.end()
        self.add(stripped(text[start:], left=start > 0, right=False))

    def close(self, bracket: str, factor: float) -> None:
        start = self.open[bracket].pop()
        for place in range(start, len(self.weights)):
            self.weights[place] *= factor

    def close_all(self) -> None:
        for bracket, factor in (("(", MORE), ("[", LESS)):
            while self.open[bracket]:
                self.close(bracket, factor)


def parse_attention(text: str) -> tuple[Weighted, ...]:
    """The parts of a prompt with their weights, neighbours of one weight joined; at least one."""
    reader = _Reader()
    for found in _SIGNS.finditer(text):
        sign, number = found["sign"], _number(found["number"])
        if found["escaped"]:
            reader.add(text[found.start() + 1 : found.end()])
        elif sign in reader.open:
            reader.open[sign].append(len(reader.parts))
        elif number is not None and reader.open["("]:
            reader.close("(", number)
        elif sign == ")" and reader.open["("]:
            reader.close("(", MORE)
        elif sign == "]" and reader.open["["]:
            reader.close("[", LESS)
        else:
            reader.add_words(text[found.start() : found.end()])
    reader.close_all()
    return tuple(_joined(reader)) or (Weighted("", 1.0),)


def _number(text: str | None) -> float | None:
    """The number that a bracket ends with; None where it is none, as in `1..2`."""
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _joined(reader: _Reader) -> Iterator[Weighted]:
    places = range(len(reader.parts))

    def kind(place: int) -> tuple[float, int | None]:
        """What neighbours that are joined have in common; breaks stay alone."""
        return _capped(reader.weights[place]), place if reader.parts[place][1] else None

    for (weight, alone), group in groupby(places, kind):
        text = joined(reader.parts[place][0] for place in group)
        yield Weighted(text, weight, breaks=alone is not None)


def _capped(weight: float) -> float:
    return min(max(weight, -HEAVIEST), HEAVIEST)


def without_weights(text: str) -> str:
    """The words of a prompt for a reader that knows no weights; a break becomes a space."""
    return joined(" " if part.breaks else part.text for part in parse_attention(text))


def has_weights(text: str) -> bool:
    """Whether some of a prompt counts more or less than the rest."""
    return any(part.weight != 1 and not part.breaks for part in parse_attention(text))


def literally(text: str) -> str:
    """Text whose brackets are read as they stand, whether or not they are escaped already."""
    return _BRACKETS.sub(r"\\\g<bracket>", text)
