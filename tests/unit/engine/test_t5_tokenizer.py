"""T5's tokenizer gives the numbers that T5 was trained with."""

import pytest

from backend.prompts.t5_tokenizer import t5_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return t5_tokenizer()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # as SentencePiece reads them with the T5 authors' own model file
        ("", [1]),
        ("a red apple", [3, 9, 1131, 8947, 1]),
        ("A red  apple.", [71, 1131, 8947, 5, 1]),
        ("The house is wonderful.", [37, 629, 19, 1627, 5, 1]),
        ("ﬁne Ｆull café", [1399, 4043, 11949, 1]),
        ("日本", [3, 2, 1]),
    ],
)
def test_known_texts_have_the_published_numbers(tokenizer, text, expected):
    assert tokenizer.encode(text).ids == expected


def test_the_vocabulary_is_complete(tokenizer):
    assert tokenizer.get_vocab_size() == 32100
    assert [tokenizer.token_to_id(word) for word in ("<pad>", "</s>", "<unk>")] == [0, 1, 2]
    assert tokenizer.token_to_id("<extra_id_0>") == 32099
