"""Dynamic prompts and wildcards: choices that follow from the seed."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.choices import leaves_choices, make_choices, missing_wildcards
from backend.prompts.wildcards import Wildcards
from tests.fixtures.prompts import PROMPTS

NONE = Wildcards({})
LISTS = Wildcards(
    {
        "colour": ("red", "blue"),
        "colours/Warm": ("orange",),
        "colours/cold": ("green",),
        "scene": ("a __colour__ {house|tree}",),
        "endless": ("__endless__ __endless__",),
        "a": ("b",),
    }
)


def made(template: str, wildcards: Wildcards = LISTS) -> set[str]:
    """All that a template becomes with many seeds."""
    return {make_choices(template, seed, wildcards) for seed in range(200)}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{red|blue} apple", {"red apple", "blue apple"}),
        ("a {|big }house", {"a house", "a big house"}),
        ("{a|{b|c}d}", {"a", "bd", "cd"}),
        ("{[a|b]|c}", {"[a|b]", "c"}),
        ("{1::a|0::b}", {"a"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{5$$a|b}", {"a, b", "b, a"}),
        ("{-1$$a|b}", {"a", "b"}),
        ("{1-2$$-$$a|b}", {"a", "b", "a-b", "b-a"}),
        ("{2-$$-$$a|b}", {"a-b", "b-a"}),
        ("__colour__ apple", {"red apple", "blue apple"}),
        ("__COLOUR__", {"red", "blue"}),
        ("__colours/*__", {"orange", "green"}),
        ("__cold__", {"green"}),
        ("{2$$__colour__}", {"red, blue", "blue, red"}),
        ("__scene__", {f"a {c} {t}" for c in ("red", "blue") for t in ("house", "tree")}),
    ],
)
def test_a_template_becomes_each_of_its_choices(template, expected):
    assert made(template) == expected


@pytest.mark.parametrize(
    "text",
    ["no choice", "{one}", "{open|", "shut}", r"\{a|b\}", "__nowhere__", "[a|b]", "{}", "a__", "_"],
)
def test_what_is_no_choice_stays_as_it_is_typed(text):
    assert made(text) == {text}


def test_weights_say_how_often():
    drawn = Counter(make_choices("{3::a|b}", seed, NONE) for seed in range(2_000))
    assert 1_400 < drawn["a"] < 1_600


def test_the_same_seed_makes_the_same_choices_on_every_machine():
    template = "{a|b|c|d} __colour__ {2$$x|y|z}"
    assert make_choices(template, 7, LISTS) == "c blue z, x"
    assert make_choices(template, 7, LISTS) == make_choices(template, 7, LISTS)


def test_a_list_that_names_itself_comes_to_an_end():
    assert re.fullmatch(r"[_a-z ]*", make_choices("__endless__", 1, LISTS))


def test_wildcards_without_a_list_are_named_once():
    assert missing_wildcards("__no__ __colour__ __no__ __other__", LISTS) == ("no", "other")


@given(PROMPTS, st.integers(0, 2**32 - 1))
def test_every_text_becomes_the_same_each_time(template, seed):
    written = make_choices(template, seed, LISTS)

    assert written == make_choices(template, seed, LISTS)
    if not leaves_choices(template):
        assert written == template


@given(st.lists(st.text("abc XY", min_size=1).filter(str.strip), min_size=2, unique=True))
def test_one_of_the_options_is_taken(options):
    assert make_choices(f"{{{'|'.join(options)}}}", 1, NONE) in options


def test_very_deep_braces_are_read():
    assert make_choices("{a|" * 3_000 + "}" * 3_000, 1, NONE)
