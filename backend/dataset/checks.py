"""What is wrong with pictures and captions for learning, and what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations

from backend.dataset.captions import has_words
from backend.dataset.looking import Look, differing
from backend.prompts.clip_words import ReadWords
from backend.schema.datasets import DatasetItem, Finding, FindingCode

FEWEST = 5
"""Pictures from which something can be learned but the pictures themselves."""
BLURRED = 0.12
"""The sharpness below which a picture is soft at the size that it is looked at."""
ALIKE = 4
"""In how many of 64 ways pictures differ that are nearly the same."""


def findings(
    items: Sequence[DatasetItem], looks: Mapping[str, Look], trigger: str, resolution: int
) -> Iterator[Finding]:
    """All that is wrong with a dataset.

    Args:
        items: Its pictures.
        looks: What the readable ones look like, by their paths.
        trigger: The word that is to call what is learned; empty for none.
        resolution: The side of a square of as many pixels as are learned at once.
    """
    there = [item for item in items if item.path in looks]
    if len(there) < FEWEST:
        yield Finding(
            code="few pictures",
            sentence=f"There are {len(there)} pictures, and a LoRA learns them by heart.",
            hint="Use 15 or more, in different places, light and poses.",
        )
    yield from _of_pictures(there, looks, resolution)
    yield from _of_captions(there, trigger)
    if trigger and _is_common(trigger):
        yield Finding(
            code="common trigger",
            sentence=f"“{trigger}” is a word that models know already, so both meanings mix.",
            hint="Use a made-up word, such as a name without vowels and a number.",
        )


def _of_pictures(
    items: Sequence[DatasetItem], looks: Mapping[str, Look], resolution: int
) -> Iterator[Finding]:
    small = [item for item in items if item.width * item.height < resolution**2]
    yield from _about(
        "too small",
        small,
        f"{{}} smaller than {resolution} × {resolution} pixels, and will be learned as soft.",
        "Use larger ones, enlarge them, or learn at a lower resolution.",
    )
    blurred = [item for item in items if looks[item.path].sharpness < BLURRED]
    yield from _about(
        "blurred", blurred, "{} blurred.", "Take sharper ones, or none in their place."
    )
    pairs = combinations(items, 2)
    twins = {
        item.path: item
        for pair in pairs
        if differing(looks[pair[0].path], looks[pair[1].path]) <= ALIKE
        for item in pair
    }
    yield from _about(
        "alike",
        list(twins.values()),
        "{} nearly the same as another.",
        "Keep one of each, so that it does not count twice.",
    )


def _of_captions(items: Sequence[DatasetItem], trigger: str) -> Iterator[Finding]:
    silent = [item for item in items if not item.caption]
    yield from _about(
        "no caption",
        silent,
        "{} without a caption.",
        "Write what each shows: what is not said belongs to the LoRA.",
    )
    said = {item.caption for item in items if item.caption}
    if len(said) == 1 and len(items) - len(silent) > 1:
        yield Finding(
            code="same caption",
            sentence="All captions are the same, so all pictures are learned as one.",
            hint="Say in each what differs: pose, place, light, clothes.",
        )
    if trigger:
        without = [item for item in items if item.caption and not has_words(item.caption, trigger)]
        yield from _about(
            "no trigger",
            without,
            f"{{}} without the trigger “{trigger}” in the caption.",
            "Put it in front of each caption; Easel can do that.",
        )


def _about(
    code: FindingCode, items: Sequence[DatasetItem], sentence: str, hint: str
) -> Iterator[Finding]:
    if items:
        paths = tuple(item.path for item in items)
        some = "1 picture is" if len(paths) == 1 else f"{len(paths)} pictures are"
        yield Finding(code=code, sentence=sentence.format(some), hint=hint, paths=paths)


def _is_common(trigger: str) -> bool:
    """Whether a text encoder has a token of its own for it, as it has for words that it knows."""
    return len(tuple(_words()(trigger))) == 1


@cache
def _words() -> ReadWords:
    """Loaded at the first need, as tokenizers take their time."""
    from backend.prompts.clip_tokenizer import published_words  # noqa: PLC0415

    return published_words()
