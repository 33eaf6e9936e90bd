"""Checks on what was typed: what makes a prompt good, and what spoils it. The words lie in TOML."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Self

from backend.prompts.attention import without_weights
from backend.prompts.tags import take_tags
from backend.schema.base import Frozen
from backend.schema.writing import Check, Heard

SPECIFIC = 4
"""So many words of the subject, setting and light make a prompt specific."""
LONG_PHRASE = 18
"""Words without a comma that CLIP, which learned from captions, loses sight of."""
LIST_OF_TAGS = 5
"""So many short phrases in a row are a list and no sentence."""
MOST_PIECES = 3
"""Pieces of 75 tokens, beyond which hardly anything is heeded."""
_SHORT_PHRASE = 2
_WORD = re.compile(r"[\w'’-]+")
_PHRASES = re.compile(r"[,.;\n]+|\bBREAK\b|\bAND\b")
_DENIED = re.compile(
    r"\b(?:no|without(?: any)?|not)\s+(?!one\b|longer\b|more\b)((?:an?\s+)?[\w-]+)"
)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_SMALL = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the", "to")
)
_SHOWN = 24


class _Pair(Frozen):
    """Words that contradict each other."""

    one: str
    other: str


class _Words(Frozen):
    """What the file holds."""

    quality: str
    style: str
    setting: str
    light: str
    contradiction: tuple[_Pair, ...]


class Coach:
    """Knows what a good prompt has."""

    def __init__(self, words: _Words) -> None:
        self._quality = _listed(words.quality)
        self._style = _listed(words.style)
        self._setting = _listed(words.setting)
        self._light = _listed(words.light)
        self._pairs = [(_listed(each.one), _listed(each.other)) for each in words.contradiction]

    @classmethod
    def ready(cls) -> Self:
        """One that has read its words."""
        file = resources.files("backend.prompts").joinpath("coach.toml")
        return cls(_Words.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))))

    def checks(self, texts: Sequence[str]) -> tuple[Check, ...]:
        """What a good prompt has, each with whether this one has it; nothing of an empty one.

        Args:
            texts: What readers get of the prompt, the first step first.
        """
        text = ", ".join(map(_plain, texts))
        phrases = _phrases(text)
        if not phrases:
            return ()
        return (
            Check(
                id="subject",
                label="Subject first",
                good=self._is_subject(phrases[0]),
                advice="Begin with what the picture shows; quality and style words go behind it.",
            ),
            Check(
                id="specific",
                label="Specific",
                good=self._telling(phrases) >= SPECIFIC,
                advice="Say more of it: which kind, what it does, its colours and materials.",
            ),
            Check(
                id="setting",
                label="Setting",
                good=_first(text, self._setting) is not None,
                advice="Say where it is, such as “in a forest” or “plain white background”.",
            ),
            Check(
                id="light",
                label="Light",
                good=_first(text, self._light) is not None,
                advice="Name the light, such as “soft morning light” or “neon at night”.",
            ),
        )

    def faults(
        self, typed: str, texts: Sequence[str], heard: Heard, *, hears_negative: bool
    ) -> tuple[Check, ...]:
        """What spoils a prompt.

        Args:
            typed: The prompt.
            texts: What readers get of it, the first step first.
            heard: How much of it the main reader hears.
            hears_negative: Whether a negative prompt would have an effect.
        """
        first, *more = map(_plain, texts)
        faults = [
            *_length(heard),
            *_denials(first, hears_negative=hears_negative),
            *_twice(_phrases(first)),
        ]
        for text in (first, *more):
            faults += self._contradictions(text)
        return tuple({each.label: each for each in (*faults, *_open_brackets(typed))}.values())

    def form(self, text: str, *, in_sentences: bool) -> str:
        """How a model of this kind would rather be spoken to; empty where that is how it is.

        Args:
            text: The prompt.
            in_sentences: Whether it learned from sentences.
        """
        lengths = [len(_WORD.findall(phrase)) for phrase in _phrases(_plain(text))]
        if in_sentences:
            short = sum(length <= _SHORT_PHRASE for length in lengths)
            if short >= LIST_OF_TAGS and short > len(lengths) / 2:
                return (
                    "This model learned from sentences: describe the picture rather than list tags."
                )
        elif any(length >= LONG_PHRASE for length in lengths):
            return "This model hears short phrases, parted by commas, better than long sentences."
        return ""

    def _is_subject(self, phrase: str) -> bool:
        rest = _without(_without(phrase, self._quality), self._style)
        return any(word not in _SMALL for word in _WORD.findall(rest))

    def _telling(self, phrases: Sequence[str]) -> int:
        """How many different words say something of the picture itself."""
        rest = (_without(phrase, self._quality) for phrase in phrases)
        return len({word for part in rest for word in _WORD.findall(part)} - _SMALL)

    def _contradictions(self, text: str) -> Iterator[Check]:
        for one, other in self._pairs:
            first, second = _first(text, one), _first(text, other)
            if first and second:
                yield Check(
                    id="contradiction",
                    label=f"“{first}” and “{second}” contradict each other",
                    good=False,
                    advice="Keep one of them.",
                )


def _plain(typed: str) -> str:
    """The words in small letters, without tags and weights."""
    return without_weights(take_tags(typed)[0]).casefold()


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in _PHRASES.split(text) if phrase.strip()]


def _listed(words: str) -> re.Pattern[str]:
    names = sorted({name.strip() for name in words.split(",")}, key=len, reverse=True)
    either = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in names if name)
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")


def _first(text: str, words: re.Pattern[str]) -> str | None:
    found = words.search(text)
    return found[0] if found else None


def _without(text: str, words: re.Pattern[str]) -> str:
    return words.sub(" ", text)


def _length(heard: Heard) -> Iterator[Check]:
    if heard.lost_from is not None:
        yield Check(
            id="long",
            label="The end of the prompt is not heard",
            good=False,
            advice=f"Shorten it: {heard.reader} hears {heard.room} tokens.",
        )
    elif len(heard.pieces) > MOST_PIECES:
        yield Check(
            id="long",
            label=f"{heard.used} tokens are very many",
            good=False,
            advice="Models learned from 75 at a time: what is said late hardly counts.",
        )


def _denials(text: str, *, hears_negative: bool) -> Iterator[Check]:
    remedy = "put “{}” into the negative prompt" if hears_negative else "say what is there instead"
    for found in _DENIED.finditer(text):
        yield Check(
            id="denial",
            label=f"“{found[0]}” may draw just that",
            good=False,
            advice=f"Models hardly hear “no”: {remedy.format(found[1])}.",
        )


def _twice(phrases: Sequence[str]) -> Iterator[Check]:
    for phrase, count in Counter(phrases).items():
        if count > 1:
            yield Check(
                id="twice",
                label=f"“{_short(phrase)}” stands there {_times(count)}",
                good=False,
                advice="Once is enough; (…:1.2) makes it count more.",
            )


def _open_brackets(typed: str) -> Iterator[Check]:
    waiting: list[tuple[str, int]] = []
    stray: list[tuple[str, int]] = []
    escaped = False
    for place, sign in enumerate(typed):
        if escaped or sign == "\\":
            escaped = not escaped
        elif sign in "([{":
            waiting.append((sign, place))
        elif sign in _CLOSING:
            if waiting and waiting[-1][0] == _CLOSING[sign]:
                waiting.pop()
            else:
                stray.append((sign, place))
    for sign, place in [*waiting, *stray][:1]:
        closes = sign in _CLOSING
        near = typed[max(0, place - _SHOWN) : place + 1] if closes else typed[place:]
        yield Check(
            id="bracket",
            label=f"A bracket {'opens' if closes else 'closes'} nowhere: “{_short(near.strip())}”",
            good=False,
            advice=f"Give it its partner, or write \\{sign} for the sign itself.",
        )


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"  # noqa: PLR2004


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}…"
