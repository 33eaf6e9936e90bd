"""CLIP's tokenizer gives the numbers that CLIP was trained with."""

import random

import pytest

from backend.engine.networks import CLIPTokenizer
from backend.engine.prompts.clip_tokenizer import clip_tokenizer
from backend.prompts.clip_tokenizer import published_words, words_of
from backend.prompts.clip_words import seam_behind
from tests.fixtures.starter import STARTER


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


SIGNS = [
    *"abz ,.;:!?()[]'\"-_/\\0123456789éßÑıİſﬁ\t\n\r\x00\u00a0\u3000\u200d\ufe0f\u0301",
    *"日本語のあア한글שלוםمرحبا🍎👩🏽🇫🇷",
    *("the ", "don't ", "we'll ", "masterpiece, ", "best-quality ", "<|endoftext|>", "</w>"),
]


@pytest.mark.parametrize("own", [False, True])
def test_the_page_reads_every_text_as_the_engine_does(tokenizer, own):
    """Without torch; also where a checkpoint's folder has a vocabulary of its own."""
    place = STARTER / "tokenizer"
    read = words_of(place) if own else published_words()
    engine = CLIPTokenizer.from_pretrained(place, local_files_only=True) if own else tokenizer
    chance = random.Random(7)

    for _ in range(2000):
        text = "".join(chance.choices(SIGNS, k=chance.randrange(30)))
        numbers = engine(text, add_special_tokens=False, verbose=False).input_ids
        tokens = list(read(text))
        assert [token.number for token in tokens] == numbers, repr(text)
        names = engine.convert_ids_to_tokens(numbers)
        assert [token.seam for token in tokens] == [seam_behind(name) for name in names]
        assert all(0 < token.end <= len(text) for token in tokens)
