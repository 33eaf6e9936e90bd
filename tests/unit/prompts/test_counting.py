"""How much of a prompt its readers hear, and where it is cut."""

import pytest

from backend.prompts.chunks import MadeUpWord
from backend.prompts.clip_tokenizer import published_words
from backend.prompts.counting import heard_at_once, heard_by_clip, heard_by_t5, texts_of
from backend.prompts.t5_tokenizer import t5_ends, t5_tokenizer
from backend.prompts.wildcards import Wildcards

NO_LISTS = Wildcards({})
UGLY = {"ugly": [MadeUpWord("ugly.safetensors", 1, row) for row in range(8)]}
ROOFS = "red roof, " * 30
"""90 tokens; the 75th is a word, and the comma before it the 72nd."""


@pytest.fixture(scope="module")
def read():
    return published_words()


@pytest.fixture(scope="module")
def ends():
    return t5_ends(t5_tokenizer())


@pytest.fixture
def count(read):
    def count(typed: str, steps: int = 20, lists: Wildcards = NO_LISTS, *, several: bool = True):
        return heard_by_clip(texts_of(typed, steps, lists, several=several), read, UGLY)

    return count


@pytest.mark.parametrize(
    ("typed", "used", "room"),
    [
        ("", 0, 75),
        ("a red apple", 3, 75),
        ("a (red:1.3) [[apple]]", 3, 75),
        ("a red apple <lora:style:0.8>", 3, 75),
        ("a red apple BREAK a table", 77, 150),
        ("a red apple BREAK", 3, 75),
        ("a [red:large and green:0.4] apple", 5, 75),
        ("a [red|dark blue] apple", 4, 75),
        ("a red apple AND a very old table", 4, 75),
        ("a {red|dark blue} apple", 4, 75),
        ("a __colour__ apple", 5, 75),
        ("a red apple, ugly", 12, 75),
        ("embedding:ugly", 8, 75),
        (ROOFS, 90, 150),
    ],
)
def test_the_count_is_that_of_the_longest_thing_that_is_read(count, typed, used, room):
    heard = count(typed, lists=Wildcards({"colour": ["red", "very dark blue"]}))

    assert (heard.used, heard.room) == (used, room)
    assert heard.lost_from is None


def test_in_a_negative_prompt_and_is_a_word(count):
    assert count("old AND ripe", several=False).used == 3


def test_a_piece_is_cut_behind_the_last_near_comma_and_the_cut_is_where_it_was_typed(count):
    typed = f"(red:1.1), <lora:x:1>{ROOFS}"

    first, last = count(typed).pieces

    assert typed[: first.end].endswith("red roof,")
    assert first.tokens == 74
    assert first.tokens + last.tokens == 92
    assert typed[first.end : last.end].endswith("roof,")


def test_of_a_prompt_that_changes_the_cut_is_that_of_the_longest_step(count):
    typed = f"[fog:{ROOFS}:0.5] end"
    first, _ = count(typed).pieces
    assert typed[: first.end].endswith("red roof,")


def test_a_break_ends_its_piece_in_front_of_it(count):
    typed = "a red apple BREAK a table"
    assert typed[: count(typed).pieces[0].end] == "a red apple"


def test_who_hears_one_piece_alone_says_what_is_lost(count):
    heard = heard_at_once(count(ROOFS))

    assert (heard.used, heard.room) == (75, 75)
    assert heard.lost_from
    assert ROOFS[: heard.lost_from].endswith("red roof,")
    assert heard_at_once(count("a red apple")).lost_from is None


def test_t5_hears_up_to_its_limit_without_weights(ends):
    typed = "(a red apple:1.3) " * 100

    heard = heard_by_t5(texts_of(typed, 20, NO_LISTS, several=True), ends, 256)

    assert (heard.used, heard.room) == (400, 255)
    assert heard.lost_from
    assert typed[: heard.lost_from].count("apple") == 63  # 255 tokens are 63 times four, and three
    assert heard_by_t5(("a red apple",), ends, 256).lost_from is None
