"""Prompts as pieces of 77 tokens."""

import pytest

from backend.engine.prompts.chunks import ChunkFormat, chunks

STYLE = ChunkFormat(start=100, end=101, padding=102, length=6)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([], [[100, 101, 102, 102, 102, 102]]),
        ([1, 2], [[100, 1, 2, 101, 102, 102]]),
        ([1, 2, 3, 4], [[100, 1, 2, 3, 4, 101]]),
        ([1, 2, 3, 4, 5], [[100, 1, 2, 3, 4, 101], [100, 5, 101, 102, 102, 102]]),
    ],
)
def test_a_prompt_is_cut_and_framed(tokens, expected):
    assert chunks(tokens, STYLE) == expected


def test_the_shorter_of_two_prompts_gets_empty_pieces():
    assert len(chunks([1], STYLE, at_least=3)) == 3
    assert chunks([1], STYLE, at_least=3)[2] == chunks([], STYLE)[0]
