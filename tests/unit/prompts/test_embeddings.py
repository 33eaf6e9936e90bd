"""Embeddings are found in a prompt by their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.embeddings import asked_embeddings, find_embeddings
from tests.fixtures.prompts import PROMPTS

NAMES = ("EasyNegative", "ink", "ink-v2", "bad hands")


def found(text: str) -> list[tuple[str, str]]:
    return [(span.text, span.embedding) for span in find_embeddings(text, NAMES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", "")]),
        ("a drinking pink thing", [("a drinking pink thing", "")]),
        ("easynegative", [("easynegative", "EasyNegative")]),
        ("a, ink-v2, b", [("a, ", ""), ("ink-v2", "ink-v2"), (", b", "")]),
        ("a bad hands", [("a ", ""), ("bad hands", "bad hands")]),
        ("embedding:ink", [("embedding:ink", "ink")]),
        ("embedding:Ink.safetensors x", [("embedding:Ink.safetensors", "ink"), (" x", "")]),
        ("ink ink", [("ink", "ink"), (" ", ""), ("ink", "ink")]),
    ],
)
def test_names_stand_for_embeddings(text, expected):
    assert found(text) == expected


@given(PROMPTS, st.lists(st.text(max_size=5)))
def test_no_text_is_lost(text, names):
    assert "".join(span.text for span in find_embeddings(text, names)) == text


def test_names_that_were_asked_for_are_told_once():
    assert asked_embeddings("embedding:a, (embedding:b/c.pt:1.2) embedding:a") == ("a", "b/c.pt")
