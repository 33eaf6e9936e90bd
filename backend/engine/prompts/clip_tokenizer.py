"""CLIP's tokenizer, built from its published vocabulary."""

import gzip
from importlib import resources

from backend.engine.networks import CLIPTokenizer
from backend.engine.prompts import vocabulary

_END_OF_WORD = "</w>"
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")
_LENGTH = 77


def clip_tokenizer(padding: str = _SPECIAL[1]) -> CLIPTokenizer:
    """The tokenizer that SD, SDXL, SD 3 and FLUX share.

    The vocabulary is the 256 bytes, the same at the end of a word, what each merge makes, and the
    start and end of a text.

    Args:
        padding: What fills up a text: the end token, or "!" for OpenCLIP's encoders.

    Source: OpenAI's CLIP, `simple_tokenizer.py` and `bpe_simple_vocab_16e6.txt`.
    """
    merges = _merges()
    alphabet = _byte_alphabet()
    words = [
        *alphabet,
        *(letter + _END_OF_WORD for letter in alphabet),
        *(left + right for left, right in merges),
        *_SPECIAL,
    ]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=merges,  # pyright: ignore[reportArgumentType]  pairs, whatever it is annotated
        pad_token=padding,
        model_max_length=_LENGTH,
    )


def _merges() -> list[tuple[str, str]]:
    packed = resources.files(vocabulary).joinpath("clip_merges.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    pairs = (line.split(" ") for line in lines)
    return [(left, right) for left, right in pairs]


def _byte_alphabet() -> list[str]:
    """A visible letter for each byte, as GPT-2 has them: itself where it is visible, else moved up.

    The order is that of the vocabulary: visible ones first.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    visible += range(ord("®"), ord("ÿ") + 1)
    hidden = [byte for byte in range(256) if byte not in set(visible)]
    return [chr(byte) for byte in visible] + [chr(256 + number) for number in range(len(hidden))]
