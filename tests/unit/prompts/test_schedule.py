"""Prompt editing and alternation, as AUTOMATIC1111's documentation gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.schedule import schedule
from tests.fixtures.prompts import PROMPTS

LANDSCAPE = (
    "fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75]"
    "[ in foreground::0.6][ in background:0.25] [shoddy:masterful:0.5]"
)


def turns(first: str, second: str) -> list[tuple[int, str]]:
    return [(step, first if step % 2 else second) for step in range(1, 11)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # From the documentation of A1111's parser, with 10 steps.
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("((a][:b:c [d:3]", [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        ("[a|(b:1.1)]", turns("a", "(b:1.1)")),
        ("[fe|]male", turns("female", "male")),
        # Seen by running it.
        ("", [(10, "")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:-0.2]", [(10, "b")]),
        ("[a:b:1e1]", [(10, "a")]),
        ("[a:b:2.0]", [(10, "a")]),
        ("[a:b:12]", [(10, "a")]),
        ("[a::5]", [(5, "a"), (10, "")]),
        ("[:a:5]", [(5, ""), (10, "a")]),
        ("[5]", [(10, "[5]")]),
        ("[a:3:4]", [(4, "a"), (10, "3")]),
        ("[a:b:c:3]", [(10, "[a:b:c:3]")]),
        ("[a:b:.3.]", [(10, "[a:b:.3.]")]),
        ("[[a:b:3]", [(3, "[a"), (10, "[b")]),
        ("[ (a] [b:c:3]", [(3, "[ (a] b"), (10, "[ (a] c")]),
        (r"[a\]b:c:3]", [(3, r"a\]b"), (10, "c")]),
        ("a | b [c:d:5]", [(10, "a | b [c:d:5]")]),
        ("[a|b:3]", [(10, "[a|b:3]")]),
        ("[a:b:3] \\", [(10, "[a:b:3] \\")]),
        ("[[a|b]:c:1]", [(1, "a"), *((step, "c") for step in range(2, 11))]),
    ],
)
def test_texts_follow_each_other_as_in_a1111(text, expected):
    assert schedule(text, 10) == tuple(expected)


def test_four_options_take_turns():
    said = dict(schedule("[fe|||]male", 10))
    assert [step for step in said if said[step] == "female"] == [1, 5, 9]


def test_edits_of_a_long_prompt_come_at_their_shares_of_the_steps():
    start = "fantasy landscape with a "
    assert schedule(LANDSCAPE, 100) == (
        (25, start + "mountain and an oak in foreground shoddy"),
        (50, start + "lake and an oak in foreground in background shoddy"),
        (60, start + "lake and an oak in foreground in background masterful"),
        (75, start + "lake and an oak in background masterful"),
        (100, start + "lake and a christmas tree in background masterful"),
    )


def test_a_step_is_a_step_however_many_there_are():
    text = "a [fantasy:cyberpunk:16] landscape"
    assert schedule(text, 20) == ((16, "a fantasy landscape"), (20, "a cyberpunk landscape"))
    assert schedule(text, 12) == ((12, "a fantasy landscape"),)


@given(PROMPTS, st.integers(1, 150))
def test_every_text_has_a_text_for_every_step(text, steps):
    ends = [end for end, _ in schedule(text, steps)]

    assert ends == sorted(set(ends))
    assert ends[-1] == steps
    assert ends[0] >= 1


@given(st.text(st.characters(blacklist_characters="[")), st.integers(1, 150))
def test_a_text_without_square_brackets_never_changes(text, steps):
    assert schedule(text, steps) == ((steps, text),)


@pytest.mark.parametrize(
    "text", ["[" * 5_000, "[a:" * 3_000 + ":1]" * 3_000, "(" * 4_000 + ")" * 4_000]
)
def test_very_deep_brackets_are_read(text):
    assert schedule(text, 3)[-1][0] == 3
