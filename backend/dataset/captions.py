"""Captions: as files have them in any encoding, and as lists of tags."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from backend.schema.training_data import TriggerPlace

ENDINGS = (".txt", ".caption")
"""How the names of caption files end, the first that is there counts."""
LISTS = ("metadata.jsonl", "captions.jsonl")
"""Files with the captions of a whole folder, a JSON object a line."""
ORDERS = 8
"""So many orders of a caption's tags are learned at most: each is encoded once, and kept."""
_FILE_KEYS, _TEXT_KEYS = ("file_name", "file", "image"), ("text", "caption", "prompt")
_ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")
_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Caption:
    """What a file says of a picture."""

    text: str
    written: Path
    """The file."""
    guessed: bool = False
    """Whether its encoding is none that marks itself, so that letters may be wrong."""


def caption_of(picture: Path) -> Caption | None:
    """The caption in the file beside a picture; None where there is none.

    Raises:
        OSError: When the file cannot be read.
    """
    for ending in ENDINGS:
        path = picture.with_suffix(ending)
        if path.is_file():
            text, guessed = decoded(path.read_bytes())
            return Caption(" ".join(text.split()), path, guessed=guessed)
    return None


def listed_captions(folder: Path) -> Mapping[Path, Caption]:
    """The captions that a folder's list has, by their pictures; lines that are none are left out.

    Raises:
        OSError: When the list cannot be read.
    """
    path = next((folder / name for name in LISTS if (folder / name).is_file()), None)
    if path is None:
        return {}
    text, guessed = decoded(path.read_bytes())
    pairs = (_pair(line) for line in text.splitlines())
    return {
        folder / name: Caption(" ".join(words.split()), path, guessed=guessed)
        for name, words in filter(None, pairs)
    }


def decoded(content: bytes) -> tuple[str, bool]:
    """The text of a file, and whether its encoding was guessed.

    UTF-16 counts where it marks itself; what is no UTF-8 is read as Windows writes it in the West.
    """
    if content.startswith(_MARKS):
        return content.decode("utf-16", errors="replace"), False
    try:
        return content.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), True


def tags_of(caption: str) -> tuple[str, ...]:
    """The parts between commas."""
    return tuple(tag for tag in (part.strip() for part in caption.split(",")) if tag)


def joined(tags: Iterator[str] | tuple[str, ...]) -> str:
    """A caption of tags."""
    return ", ".join(tags)


def with_trigger(caption: str, trigger: str, place: TriggerPlace = "front") -> str:
    """The caption with the trigger word; where it has it already, it stays there."""
    if has_words(caption, trigger):
        return caption
    tags = tags_of(caption)
    return joined((trigger, *tags) if place == "front" else (*tags, trigger))


def without_trigger(caption: str, trigger: str) -> str:
    """The caption without the trigger word, alone or within a tag."""
    if not trigger:
        return caption
    word = re.compile(rf"\b{re.escape(trigger)}\b", re.IGNORECASE)
    rest = (" ".join(word.sub("", tag).split()) for tag in tags_of(caption))
    return joined(filter(None, rest))


def orders(caption: str, kept: int, seed: int) -> tuple[str, ...]:
    """A caption with its tags in some orders, all of them different.

    Args:
        caption: The tags.
        kept: How many stay at the start; with a number below 0 all stay where they are.
        seed: What the orders follow from.
    """
    tags = tags_of(caption)
    if kept < 0 or len(tags) - kept <= 1:
        return (caption,)
    random = np.random.default_rng(seed)
    turned = (random.permutation(len(tags) - kept) + kept for _ in range(ORDERS))
    made = (joined((*tags[:kept], *(tags[place] for place in order))) for order in turned)
    return tuple(dict.fromkeys(made))


def has_words(caption: str, words: str) -> bool:
    """Whether a caption says some words, as words of their own."""
    return f" {_plain(words)} " in f" {_plain(caption)} "


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _pair(line: str) -> tuple[str, str] | None:
    """A picture's name and its caption; None for a line that tells neither."""
    try:
        told: object = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    row = cast("dict[str, object]", told)
    name, text = _first(row, _FILE_KEYS), _first(row, _TEXT_KEYS)
    return (name, text) if name and text is not None else None


def _first(row: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((value for key in keys if isinstance(value := row.get(key), str)), None)
