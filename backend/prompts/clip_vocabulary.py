"""CLIP's vocabulary, as published: the words of the texts that SD, SDXL, SD 3 and FLUX read.

Source: OpenAI's CLIP, `simple_tokenizer.py` and `bpe_simple_vocab_16e6.txt`.
"""

import gzip
from importlib import resources

from backend.prompts import vocabulary

END_OF_WORD = "</w>"
"""What the last token of a word ends with."""
START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
"""Tokens of a piece, with start and end."""


def clip_merges() -> list[tuple[str, str]]:
    """Which tokens become one, in order of rank."""
    packed = resources.files(vocabulary).joinpath("clip_merges.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    pairs = (line.split(" ") for line in lines)
    return [(left, right) for left, right in pairs]


def clip_vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """The number of each token.

    The vocabulary is the 256 bytes, the same at the end of a word, what each merge makes, and the
    start and end of a text.
    """
    alphabet = _byte_alphabet()
    words = [
        *alphabet,
        *(letter + END_OF_WORD for letter in alphabet),
        *(left + right for left, right in merges),
        START,
        END,
    ]
    return {word: number for number, word in enumerate(words)}


def _byte_alphabet() -> list[str]:
    """A visible letter for each byte, as GPT-2 has them: itself where it is visible, else moved up.

    The order is that of the vocabulary: visible ones first.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    visible += range(ord("®"), ord("ÿ") + 1)
    hidden = [byte for byte in range(256) if byte not in set(visible)]
    return [chr(byte) for byte in visible] + [chr(256 + number) for number in range(len(hidden))]
