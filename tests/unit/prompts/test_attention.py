"""Weights in a prompt, as AUTOMATIC1111's documentation gives them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.attention import parse_attention
from tests.fixtures.prompts import PROMPTS

UP, DOWN = 1.1, 1 / 1.1


def parts(text: str) -> list[tuple[str, float]]:
    return [(part.text, part.weight) for part in parse_attention(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # From the documentation of A1111's parser.
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", UP), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", UP)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", UP)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.5730000000000004),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641000000000006),
                (".", 1.1),
            ],
        ),
        # Seen by running it.
        ("", [("", 1.0)]),
        ("(a:1.3", [("a:1.3", UP)]),
        ("[a:1.2]", [("a:1.2", DOWN)]),
        ("(a: 1.2 )", [("a", 1.2)]),
        ("(a:-1)", [("a", -1.0)]),
        ("a) b]", [("a) b]", 1.0)]),
        (r"back\slash\\", [("backslash\\", 1.0)]),
        ("[((a:1.21))]", [("a", 1.21 * UP / 1.1)]),
        ("a BREAK b", [("a", 1.0), ("BREAK", -1), ("b", 1.0)]),
        ("BREAK", [("", 1.0), ("BREAK", -1), ("", 1.0)]),
        ("a BREAK BREAK b", [("a", 1.0), ("BREAK", -1), ("", 1.0), ("BREAK", -1), ("b", 1.0)]),
        ("aBREAK BREAKs", [("aBREAK BREAKs", 1.0)]),
        ("(a BREAK b:1.2)", [("a", 1.2), ("BREAK", -1.2), ("b", 1.2)]),
    ],
)
def test_weights_are_those_of_a1111(text, expected):
    found = parts(text)

    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in expected])


def test_what_is_no_number_stays_text():
    assert parts("(a:1..2)") == [("a:1..2)", UP)]
    assert parts(f"(a:{'9' * 400})") == [(f"a:{'9' * 400})", UP)]


@given(PROMPTS)
def test_every_text_can_be_read_and_weighs_something_finite(text):
    found = parse_attention(text)

    assert found
    assert all(math.isfinite(part.weight) for part in found)


@given(st.text(st.characters(blacklist_characters="\\()[]:", blacklist_categories=["Cs"])))
def test_plain_words_stay_as_they_are(text):
    if "BREAK" not in text:
        assert parts(text) == [(text, 1.0)]


@given(st.text())
def test_escaped_text_is_read_back_as_it_was(text):
    if "BREAK" not in text:
        escaped = "".join(f"\\{sign}" if sign in "\\()[]" else sign for sign in text)
        assert parts(escaped) == [(text, 1.0)]


def test_very_deep_brackets_end_at_a_weight_that_can_be_counted_with():
    assert math.isfinite(parse_attention("(" * 9_000 + "a")[0].weight)
