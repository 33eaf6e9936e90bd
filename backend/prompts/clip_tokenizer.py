"""CLIP's tokenizer without torch: the numbers that the engine reads, and where each word ends."""

import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from backend.prompts.chunks import Token
from backend.prompts.clip_vocabulary import END, END_OF_WORD, START, clip_merges, clip_vocabulary
from backend.prompts.clip_words import ReadWords, seam_behind
from backend.prompts.placed import ends_at

_WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
"""What CLIP takes for a word, before it is cut into tokens."""
_Vocabulary = tuple[dict[str, int], list[tuple[str, str]]]


def published_words() -> ReadWords:
    """How SD, SDXL, SD 3 and FLUX read words."""
    merges = clip_merges()
    return _reading(clip_vocabulary(merges), merges)


def words_of(folder: Path) -> ReadWords:
    """How the checkpoint with this tokenizer reads words, from its vocabulary and merges.

    Raises:
        ValueError: When they cannot be read.
    """
    try:
        return _reading(*_vocabulary_in(folder))
    except (OSError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def _reading(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> ReadWords:
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, end_of_word_suffix=END_OF_WORD, unk_token=END)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.add_special_tokens([START, END])

    def read(text: str) -> Iterator[Token]:
        encoded = tokenizer.encode(str(text), add_special_tokens=False)
        rows = zip(encoded.ids, encoded.tokens, encoded.offsets, strict=True)
        for number, name, (_, end) in rows:
            yield Token(number, seam=seam_behind(name), end=ends_at(text, end))

    return read


def _vocabulary_in(folder: Path) -> _Vocabulary:
    """From `tokenizer.json`, or from the two files of older folders."""
    whole = folder / "tokenizer.json"
    if whole.is_file():
        model = json.loads(whole.read_text(encoding="utf-8"))["model"]
        return model["vocab"], [_pair(each) for each in model["merges"]]
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    return vocabulary, [_pair(line) for line in lines if line and not line.startswith("#version")]


def _pair(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right
