"""From a prompt to the tokens that CLIP reads: weights, breaks, embeddings and words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from backend.prompts.attention import parse_attention
from backend.prompts.chunks import MadeUpWord, Seam, Token
from backend.prompts.clip_vocabulary import END_OF_WORD
from backend.prompts.embeddings import find_embeddings
from backend.prompts.placed import ends_at

ReadWords = Callable[[str], Iterable[Token]]
"""What a tokenizer makes of words."""
_COMMA = "," + END_OF_WORD


def clip_tokens(
    text: str, read: ReadWords, embeddings: Mapping[str, Sequence[MadeUpWord]]
) -> Iterator[Token | None]:
    """The prompt's tokens with their weights; None where a piece is to end.

    Args:
        text: The prompt of a step, without tags.
        read: The tokenizer.
        embeddings: Those that stand in it for their names, as what stands there; one without any
            is read as words.
    """
    for part in parse_attention(text):
        if part.breaks:
            yield None
            continue
        for span in find_embeddings(part.text, embeddings):
            made_up = embeddings[span.embedding] if span.embedding else ()
            yield from _one_word(made_up, part.weight, ends_at(span.text, len(span.text)))
            if not made_up:
                yield from (replace(each, weight=part.weight) for each in read(span.text))


def seam_behind(name: str) -> Seam:
    """How well a prompt can be cut behind a token of this name."""
    if name == _COMMA:
        return Seam.COMMA
    return Seam.WORD if name.endswith(END_OF_WORD) else Seam.WITHIN_A_WORD


def _one_word(made_up: Sequence[MadeUpWord], weight: float, end: int) -> Iterator[Token]:
    """An embedding's vectors, which stay together where they can."""
    for place, word in enumerate(made_up, 1):
        seam = Seam.WORD if place == len(made_up) else Seam.WITHIN_A_WORD
        yield Token(word, weight, seam, end)
