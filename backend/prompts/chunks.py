"""Prompts longer than the text encoder reads at once, as pieces of the length it reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

LOOK_BACK = 20
"""So many tokens before a full piece's end a seam is looked for, as AUTOMATIC1111's web UI does."""


@dataclass(frozen=True)
class ChunkFormat:
    """How one piece is framed for CLIP's text encoder: start, words, end, padding."""

    start: int
    end: int
    padding: int
    length: int = 77

    @property
    def words(self) -> int:
        """How many tokens of the prompt fit into a piece."""
        return self.length - 2


class Seam(IntEnum):
    """How well a prompt can be cut behind a token."""

    WITHIN_A_WORD = 0
    WORD = 1
    COMMA = 2


@dataclass(frozen=True)
class MadeUpWord:
    """One vector of an embedding, where a prompt's tokens have a number."""

    file: str
    modified: int
    """When the file was changed, in nanoseconds since the epoch."""
    row: int


@dataclass(frozen=True)
class Token:
    """A token of a prompt."""

    number: int | MadeUpWord
    weight: float = 1.0
    seam: Seam = Seam.WORD
    end: int = 0
    """Behind which character of what was typed it ends, for those who show it."""


@dataclass(frozen=True)
class Chunk:
    """A piece as the encoder reads it."""

    tokens: tuple[int | MadeUpWord, ...]
    weights: tuple[float, ...]
    """How much each of its tokens counts; 1 for those of the frame."""


def chunks(
    tokens: Iterable[Token | None], style: ChunkFormat, at_least: int = 1
) -> tuple[Chunk, ...]:
    """Split a prompt's tokens into pieces that the encoder reads one after the other.

    A full piece ends behind its last comma where that is near, else where a word ends.

    Args:
        tokens: The prompt's tokens without start and end; None ends a piece early.
        style: How a piece is framed.
        at_least: Fill up with empty pieces to this number, so that two prompts get equally long.

    Returns:
        Pieces of `style.length` tokens each, at least one.
    """
    parts = split(tokens, style.words)
    parts += [[]] * (at_least - len(parts))
    return tuple(_framed(part, style) for part in parts)


def split(tokens: Iterable[Token | None], most: int) -> list[list[Token]]:
    """The tokens of each piece, which are no more than `most`; None ends one early."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token is None:
            parts.append([])
            continue
        full = parts[-1]
        if len(full) == most:
            seam = _seam(full, token)
            parts[-1:] = [full[:seam], full[seam:]]
        parts[-1].append(token)
    return parts if parts[-1] or len(parts) == 1 else parts[:-1]


def _seam(full: Sequence[Token], following: Token) -> int:
    """How many tokens of a full piece stay in it."""
    if following.seam is Seam.COMMA:
        return len(full)
    for least in (Seam.COMMA, Seam.WORD):
        for place in range(len(full), max(0, len(full) - LOOK_BACK), -1):
            if full[place - 1].seam >= least:
                return place
    return len(full)


def _framed(part: Sequence[Token], style: ChunkFormat) -> Chunk:
    spare = style.words - len(part)
    return Chunk(
        (style.start, *(token.number for token in part), style.end, *[style.padding] * spare),
        (1.0, *(token.weight for token in part), 1.0, *[1.0] * spare),
    )
