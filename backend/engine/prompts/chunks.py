"""Prompts longer than the text encoder reads at once, as pieces of the length it reads."""

from collections.abc import Sequence
from dataclasses import dataclass


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


def chunks(tokens: Sequence[int], style: ChunkFormat, at_least: int = 1) -> list[list[int]]:
    """Split a prompt's tokens into pieces that the encoder reads one after the other.

    Args:
        tokens: The prompt's tokens without start and end.
        style: How a piece is framed.
        at_least: Fill up with empty pieces to this number, so that two prompts get equally long.

    Returns:
        Lists of `style.length` tokens each, at least one.
    """
    count = max(at_least, -(-len(tokens) // style.words))
    parts = [tokens[number * style.words :][: style.words] for number in range(count)]
    return [_framed(part, style) for part in parts]


def _framed(part: Sequence[int], style: ChunkFormat) -> list[int]:
    padding = [style.padding] * (style.words - len(part))
    return [style.start, *part, style.end, *padding]
