"""Styles go around prompts, and come off as they went on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.styling import styled, unstyled
from backend.schema.bringing import Style
from backend.schema.picture_settings import PromptSettings
from tests.fixtures.prompts import PROMPTS

STYLES = st.builds(
    Style,
    name=st.just("s"),
    prompt=st.sampled_from(["", "ink", "ink of {prompt}", "{prompt}, ink", "x {prompt} x"]),
    negative=st.sampled_from(["", "photo", "old {prompt}"]),
)


@pytest.mark.parametrize(
    ("template", "typed", "expected"),
    [
        ("ink of {prompt}, lines", "a cat", "ink of a cat, lines"),
        ("ink of {prompt}, lines", "", "ink, lines"),
        ("{prompt}, ink", "a cat, ", "a cat, ink"),
        ("ink", "a cat", "a cat, ink"),
        ("ink", "", "ink"),
        ("", " a cat", "a cat"),
    ],
)
def test_a_style_goes_around_a_prompt(template, typed, expected):
    prompt = PromptSettings(positive=typed)
    assert styled(Style(name="s", prompt=template), prompt).positive == expected


@pytest.mark.parametrize("typed", ["x x", "a cat", "x a cat", "ink"])
def test_words_that_are_no_whole_style_do_not_come_off(typed):
    style = Style(name="s", prompt="x {prompt} x")
    assert unstyled(style, PromptSettings(positive=typed)) is None


@given(STYLES, PROMPTS, PROMPTS)
def test_what_went_on_comes_off(style, positive, negative):
    plain = PromptSettings(positive=positive, negative=negative)

    off = unstyled(style, styled(style, plain))

    assert off is not None
    for before, after in ((plain.positive, off.positive), (plain.negative, off.negative)):
        assert after.strip(", ") == before.strip().rstrip(", ").strip(", ")
