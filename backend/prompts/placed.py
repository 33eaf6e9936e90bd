"""Texts that know where each of their characters was typed, however they are cut and joined."""

from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Self, SupportsIndex


class Placed(str):
    """A text with the place of each character in what a person typed.

    It is a text to all who only read it; slices and `joined` keep the places.
    """

    __slots__ = ("places",)
    places: tuple[int, ...]

    def __new__(cls, text: str, places: Iterable[int] | None = None) -> Self:
        """A text as it was typed, or one whose characters were typed at these places."""
        made = super().__new__(cls, text)
        made.places = tuple(range(len(text)) if places is None else places)
        return made

    def __getitem__(self, key: SupportsIndex | slice) -> "Placed":
        """A part of it, with its places."""
        part = self.places[key]
        return Placed(super().__getitem__(key), part if isinstance(part, tuple) else (part,))


def joined(parts: Iterable[str]) -> str:
    """Texts one after the other; the whole knows its places where one of them does.

    What was not typed, such as the entry of a list, stands where the character before it was.
    """
    listed = list(parts)
    if not any(isinstance(part, Placed) for part in listed):
        return "".join(listed)
    places: list[int] = []
    for part in listed:
        if isinstance(part, Placed):
            places += part.places
        else:
            places += [places[-1] if places else _first(listed)] * len(part)
    return Placed("".join(listed), places)


def ends_at(text: str, length: int) -> int:
    """Behind which character of what was typed the first `length` of a text end."""
    return text.places[length - 1] + 1 if isinstance(text, Placed) and length else length


def stripped(text: str, *, left: bool = True, right: bool = True) -> str:
    """A text without the blanks at its ends."""
    start = len(text) - len(text.lstrip()) if left else 0
    end = len(text.rstrip()) if right else len(text)
    return text[min(start, end) : end]


def without(text: str, gone: Iterable[tuple[int, int]]) -> str:
    """A text without some of its parts, each from its first place to behind its last, in order."""
    ends = list(chain([(0, 0)], gone, [(len(text), len(text))]))
    return joined(text[end:start] for (_, end), (start, _) in pairwise(ends))


def _first(parts: Iterable[str]) -> int:
    """Where the first character that was typed stands."""
    typed = (part.places[0] for part in parts if isinstance(part, Placed) and part)
    return next(typed, 0)
