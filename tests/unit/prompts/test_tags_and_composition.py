"""LoRA tags and prompts that are joined by AND."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.prompts.composition import split_prompts
from backend.prompts.tags import take_tags
from tests.fixtures.prompts import PROMPTS


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<lora:paint>", ("paint", 1.0, 1.0)),
        ("<lora:paint:0.8>", ("paint", 0.8, 0.8)),
        ("<lora:my paint v2:0.8:0.5>", ("my paint v2", 0.8, 0.5)),
        ("<lora:paint:0.8:te=0>", ("paint", 0.8, 0.0)),
        ("<lora:paint:te=0.5:unet=-1>", ("paint", -1.0, 0.5)),
        ("<lyco:paint:1>", ("paint", 1.0, 1.0)),
    ],
)
def test_a_lora_is_taken_out_with_both_weights(tag, expected):
    words, [lora] = take_tags(f"a house {tag}, sun")

    assert words == "a house , sun"
    assert (lora.name, lora.unet, lora.text_encoder) == expected
    assert lora.typed == tag


@pytest.mark.parametrize("text", ["a <b", "1 < 2 > 0", "<lora:>", "<lora:a:b>", "<hypernet:a:1>"])
def test_what_is_no_lora_stays(text):
    assert take_tags(text) == (text, ())


@given(PROMPTS)
def test_no_text_is_too_strange_for_tags(text):
    words, tags = take_tags(text)

    assert len(words) + sum(len(tag.typed) for tag in tags) == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a cat AND a dog", [("a cat", 1.0), (" a dog", 1.0)]),
        ("a cat :1.2 AND a dog AND fog:-0.5 ", [("a cat", 1.2), (" a dog", 1.0), (" fog", -0.5)]),
        ("a (cat:1.2) AND b: c", [("a (cat:1.2)", 1.0), (" b: c", 1.0)]),
        ("SAND and ANDROID", [("SAND and ANDROID", 1.0)]),
    ],
)
def test_prompts_are_split_with_their_weights(text, expected):
    assert [(part.text, part.weight) for part in split_prompts(text)] == expected


@given(st.lists(st.tuples(st.text("ab ,"), st.integers(-9, 9)), min_size=1))
def test_what_is_joined_is_split_again(parts):
    text = "AND".join(f" {words.strip()} :{weight} " for words, weight in parts)

    found = [(part.text.strip(), part.weight) for part in split_prompts(text)]

    assert found == [(words.strip(), weight) for words, weight in parts]


@given(PROMPTS)
def test_every_text_is_at_least_one_prompt(text):
    assert len(split_prompts(text)) >= 1
