"""Prompts as pieces of 77 tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.chunks import ChunkFormat, Seam, Token, chunks

STYLE = ChunkFormat(start=100, end=101, padding=102, length=6)
SD = ChunkFormat(start=0, end=1, padding=1)
OWN = (0, 1)
"""What SD's pieces hold beside the prompt's tokens."""


def words(*numbers: int, seam: Seam = Seam.WORD) -> list[Token | None]:
    return [Token(number, seam=seam) for number in numbers]


def sizes(tokens: list[Token | None]) -> list[int]:
    """How many tokens of the prompt are in each piece."""
    return [sum(number not in OWN for number in chunk.tokens) for chunk in chunks(tokens, SD)]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([], [(100, 101, 102, 102, 102, 102)]),
        (words(1, 2), [(100, 1, 2, 101, 102, 102)]),
        (words(1, 2, 3, 4), [(100, 1, 2, 3, 4, 101)]),
        (words(1, 2, 3, 4, 5), [(100, 1, 2, 3, 4, 101), (100, 5, 101, 102, 102, 102)]),
        ([*words(1), None, *words(2)], [(100, 1, 101, *[102] * 3), (100, 2, 101, *[102] * 3)]),
        ([*words(1), None], [(100, 1, 101, 102, 102, 102)]),
        ([None, *words(1)], [(100, 101, *[102] * 4), (100, 1, 101, 102, 102, 102)]),
    ],
)
def test_a_prompt_is_cut_and_framed(tokens, expected):
    assert [chunk.tokens for chunk in chunks(tokens, STYLE)] == expected


def test_the_shorter_of_two_prompts_gets_empty_pieces():
    assert len(chunks(words(1), STYLE, at_least=3)) == 3
    assert chunks(words(1), STYLE, at_least=3)[2] == chunks([], STYLE)[0]


def test_weights_stay_with_their_tokens_and_the_frame_weighs_one():
    tokens = [Token(1, 1.3), Token(2, 0.5)]
    assert chunks(tokens, STYLE)[0].weights == (1, 1.3, 0.5, 1, 1, 1)


def test_what_follows_a_near_comma_goes_to_the_next_piece():
    comma = words(9, seam=Seam.COMMA)
    assert sizes(words(*[5] * 60) + comma + words(*[6] * 30)) == [61, 30]
    assert sizes(words(*[5] * 55) + comma + words(*[6] * 30)) == [56, 30], "19 tokens behind it"
    assert sizes(words(*[5] * 54) + comma + words(*[6] * 30)) == [75, 10], "it is too far away"
    assert sizes(words(*[5] * 75) + comma + words(6)) == [75, 2], "a comma itself is no reason"


def test_a_word_is_not_cut():
    part = words(7, seam=Seam.WITHIN_A_WORD)
    assert sizes(words(*[5] * 74) + part + words(6)) == [74, 2]
    assert sizes(words(*[5] * 40) + part * 50 + words(6)) == [75, 16], "unless it is very long"


TOKENS = st.lists(
    st.builds(Token, st.integers(2, 99), st.floats(0, 2), st.sampled_from(Seam)), max_size=400
)


@given(TOKENS)
def test_no_token_is_lost_or_moved_at_a_seam(tokens):
    pieces = chunks(tokens, SD)

    read = [
        (number, weight)
        for piece in pieces
        for number, weight in zip(piece.tokens, piece.weights, strict=True)
        if number not in OWN
    ]
    assert read == [(token.number, token.weight) for token in tokens]
    assert {len(piece.tokens) for piece in pieces} == {77}
