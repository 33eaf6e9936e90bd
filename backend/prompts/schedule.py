"""Prompts that change while they are drawn: `[from:to:when]`, `[a|b]`.

`when` is a share of the steps where it has a dot (`0.4`), else a step. `[to:when]` adds, and
`[from::when]` takes away. `[a|b]` takes turns, one step each. What is not of this form stays as it
is typed: a bracket without its partner alone, a `|` outside such brackets or a stray backslash the
whole prompt.

Source: the grammar that AUTOMATIC1111's web UI documents under “Prompt editing” and “Alternating
words”.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.prompts.placed import joined

_TOKEN = re.compile(r"(?:[^\\\[\]():|]|\\.)+|[\[\]():|]")
_WHEN = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*")
_OPENING = {")": "(", "]": "["}
_PIECES_OF_AN_EDIT = 3


@dataclass(frozen=True)
class _Edit:
    before: "_Piece"
    after: "_Piece"
    last: int
    """The last step with what was before."""


@dataclass(frozen=True)
class _Turns:
    options: "tuple[_Piece, ...]"


_Piece = Sequence["str | _Edit | _Turns"]


@dataclass
class _Open:
    """A bracket that is not closed yet."""

    bracket: str
    pieces: "list[list[str | _Edit | _Turns]]" = field(default_factory=lambda: [[]])
    between: list[str] = field(default_factory=list[str])
    """The signs that separate its pieces."""

    def as_typed(self) -> "list[str | _Edit | _Turns]":
        """Bracket, pieces and signs one after the other."""
        parts: list[str | _Edit | _Turns] = [self.bracket, *self.pieces[0]]
        for sign, piece in zip(self.between, self.pieces[1:], strict=True):
            parts += [sign, *piece]
        return parts


def schedule(text: str, steps: int) -> tuple[tuple[int, str], ...]:
    """The texts of a prompt in turn, each with the last step that it is drawn at, from 1.

    The last one is that of step `steps`. A text may come twice in a row.
    """
    whole = _Parser(steps).read(text)
    if whole is None:
        return ((steps, text),)
    ends = sorted({steps, *_ends(whole, steps)})
    return tuple((end, _at(whole, end)) for end in ends)


def text_at(turns: Sequence[tuple[int, str]], step: int) -> str:
    """The text of a schedule at a step, from 1."""
    return next(text for last, text in turns if step <= last)


class _Parser:
    """Reads a prompt from left to right, with the brackets that are open."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._stack = [_Open("")]

    def read(self, text: str) -> _Piece | None:
        """Its parts; None where the prompt is none that can be read, and stands for itself."""
        read = 0
        for found in _TOKEN.finditer(text):
            if found.start() != read:  # a backslash before nothing that it could escape
                return None
            read = found.end()
            self._take(text[found.start() : read])
        self._give_up()
        [whole] = self._stack[0].pieces
        return whole if read == len(text) and "|" not in whole else None

    def _take(self, token: str) -> None:
        top = self._stack[-1]
        if token in {"(", "["}:
            self._stack.append(_Open(token))
        elif token in {":", "|"} and top.bracket:
            top.between.append(token)
            top.pieces.append([])
        elif token in _OPENING and len(self._stack) > 1:
            self._close(token)
        else:
            top.pieces[-1].append(token)

    def _close(self, token: str) -> None:
        top = self._stack[-1]
        closed = None
        if top.bracket == _OPENING[token]:
            closed = _emphasised(top, token) or self._special(top)
        if closed is None:
            self._give_up()
            self._stack[-1].pieces[-1].append(token)
        else:
            self._stack.pop()
            self._stack[-1].pieces[-1] += closed

    def _special(self, top: _Open) -> "list[str | _Edit | _Turns] | None":
        if top.bracket == "(":
            return None
        if set(top.between) == {"|"}:
            return [_Turns(tuple(top.pieces))]
        if set(top.between) == {":"} and len(top.pieces) <= _PIECES_OF_AN_EDIT:
            *before, after, when = top.pieces
            last = self._last_step("".join(part if isinstance(part, str) else "_" for part in when))
            return None if last is None else [_Edit(before[0] if before else [], after, last)]
        return None

    def _last_step(self, when: str) -> int | None:
        found = _WHEN.fullmatch(when)
        number = float(found[1]) if found else math.nan
        if math.isnan(number):
            return None
        return int(min(self._steps, max(0.0, number * (self._steps if "." in when else 1))))

    def _give_up(self) -> None:
        """Take the brackets that are open for text: none can hold a part that is not closed."""
        outermost = self._stack[0]
        for each in self._stack[1:]:
            outermost.pieces[-1] += each.as_typed()
        del self._stack[1:]


def _emphasised(top: _Open, token: str) -> "list[str | _Edit | _Turns] | None":
    """What is in brackets that say how much it counts; those are read by `attention`."""
    plain = not top.between
    weighted = top.bracket == "(" and top.between == [":"]
    return [*top.as_typed(), token] if plain or weighted else None


def _ends(piece: _Piece, steps: int) -> "set[int]":
    """The steps after which something in it may change."""
    ends: set[int] = set()
    waiting = [*piece]
    while waiting:
        match waiting.pop():
            case _Edit(before, after, last):
                ends |= {last} if last else set()
                waiting += [*before, *after]
            case _Turns(options):
                ends |= set(range(1, steps + 1))
                waiting += [part for option in options for part in option]
            case _:
                pass
    return ends


def _at(piece: _Piece, step: int) -> str:
    """The text at a step."""
    said: list[str] = []
    waiting = [*reversed(piece)]
    while waiting:
        match waiting.pop():
            case _Edit(before, after, last):
                waiting += reversed(before if step <= last else after)
            case _Turns(options):
                waiting += reversed(options[(step - 1) % len(options)])
            case str() as text:
                said.append(text)
    return joined(said)
