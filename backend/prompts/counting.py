"""How much of a prompt its readers hear: CLIP in pieces of 75 tokens, T5 up to its limit."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from backend.prompts.attention import without_weights
from backend.prompts.choices import leaves_choices, longest_choices
from backend.prompts.chunks import MadeUpWord, Token, split
from backend.prompts.clip_vocabulary import LENGTH
from backend.prompts.clip_words import ReadWords, clip_tokens
from backend.prompts.composition import split_prompts
from backend.prompts.placed import Placed
from backend.prompts.schedule import schedule
from backend.prompts.tags import take_tags
from backend.prompts.wildcards import Wildcards
from backend.schema.writing import Heard, Piece

PIECE = LENGTH - 2
"""Tokens of a prompt in a piece, between its start and its end."""
MOST_TEXTS = 40
"""So many texts of a prompt that changes are looked at, those of the first steps."""

FindEnds = Callable[[str], Sequence[int]]
"""A tokenizer of which only the place behind each token matters."""


def texts_of(typed: str, steps: int, wildcards: Wildcards, *, several: bool) -> tuple[str, ...]:
    """All texts that readers get of a prompt, in the order of the steps, each knowing its places.

    Choices are made as long as they can become.

    Args:
        typed: The prompt.
        steps: How many the picture takes.
        wildcards: The lists for `__name__`.
        several: Whether AND parts prompts in it.
    """
    text: str = Placed(typed)
    if leaves_choices(typed):
        text = longest_choices(text, wildcards)
    words = take_tags(text)[0]
    prompts = [each.text for each in split_prompts(words)] if several else [words]
    turns = (text for prompt in prompts for _, text in schedule(prompt, steps))
    return tuple(dict.fromkeys(turns))[:MOST_TEXTS]


def heard_by_clip(
    texts: Iterable[str], read: ReadWords, embeddings: Mapping[str, Sequence[MadeUpWord]]
) -> Heard:
    """How the longest of some texts fills pieces."""
    split_texts = (split(clip_tokens(text, read, embeddings), PIECE) for text in texts)
    longest = max(split_texts, key=_used)
    pieces: list[Piece] = []
    for tokens in longest:
        before = pieces[-1].end if pieces else 0
        pieces.append(Piece(tokens=len(tokens), end=tokens[-1].end if tokens else before))
    return Heard(reader="CLIP", used=_used(longest), room=PIECE * len(pieces), pieces=tuple(pieces))


def heard_at_once(heard: Heard) -> Heard:
    """The same by a reader that hears the first piece alone."""
    first = heard.pieces[0]
    lost = first.end if len(heard.pieces) > 1 else None
    return Heard(
        reader="CLIP", used=min(heard.used, PIECE), room=PIECE, pieces=(first,), lost_from=lost
    )


def heard_by_t5(texts: Iterable[str], ends: FindEnds, length: int) -> Heard:
    """How much of the longest of some texts T5 hears; `length` is with the end of a text."""
    room = length - 1
    longest = max((ends(without_weights(text)) for text in texts), key=len)
    lost = longest[room - 1] if len(longest) > room else None
    return Heard(reader="T5", used=len(longest), room=room, lost_from=lost)


def _used(pieces: Sequence[Sequence[Token]]) -> int:
    return PIECE * (len(pieces) - 1) + len(pieces[-1])
