"""CLIP's tokenizer gives the numbers that CLIP was trained with."""

import pytest

from backend.engine.prompts.clip_tokenizer import clip_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return clip_tokenizer()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [49406, 49407]),
        ("a red apple", [49406, 320, 736, 3055, 49407]),
        ("a photo of a cat", [49406, 320, 1125, 539, 320, 2368, 49407]),
        ("A  RED\napple", [49406, 320, 736, 3055, 49407]),
        (
            "a photograph of an astronaut riding a horse",
            [49406, 320, 8853, 539, 550, 18376, 6765, 320, 4558, 49407],
        ),
    ],
)
def test_known_texts_have_the_published_numbers(tokenizer, text, expected):
    assert tokenizer(text).input_ids == expected


def test_the_vocabulary_is_complete(tokenizer):
    assert len(tokenizer) == 49408
    assert tokenizer.model_max_length == 77
    assert tokenizer.pad_token_id == 49407


@pytest.mark.parametrize("text", ["naïve café", "日本語", "🍎", "\x00"])
def test_any_text_is_read(tokenizer, text):
    tokens = tokenizer(text).input_ids

    assert len(tokens) > 2
    assert max(tokens[1:-1]) < 49406


def test_open_clip_pads_with_an_exclamation_mark():
    assert clip_tokenizer("!").pad_token_id == 0
