"""T5's tokenizer, from its published `tokenizer.json`."""

import gzip
from collections.abc import Callable
from importlib import resources

from tokenizers import Tokenizer

from backend.prompts import vocabulary
from backend.prompts.placed import ends_at


def t5_tokenizer() -> Tokenizer:
    """The tokenizer that SD 3 and FLUX share: 32,000 pieces, and the end of a text behind each.

    Source: the T5 authors' vocabulary `cc_all.32000`, as published with T5 v1.1.
    """
    packed = resources.files(vocabulary).joinpath("t5_tokenizer.json.gz").read_bytes()
    return Tokenizer.from_str(gzip.decompress(packed).decode("utf-8"))


def t5_ends(tokenizer: Tokenizer) -> Callable[[str], tuple[int, ...]]:
    """A function that tells behind which characters of what was typed the tokens of a text end."""

    def ends(text: str) -> tuple[int, ...]:
        encoded = tokenizer.encode(str(text), add_special_tokens=False)
        return tuple(ends_at(text, end) for _, end in encoded.offsets)

    return ends
