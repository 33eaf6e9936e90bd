"""Prompts that leave a choice: `{red|blue}`, `{2::red|blue}`, `{2$$red|green|blue}`, `__colour__`.

The options may hold choices themselves. Which are taken follows from the seed alone. Braces without
a choice, brackets without their partner and wildcards that are not there stay as they are typed; a
backslash takes a brace's meaning away.

Source: the grammar that the extension “Dynamic Prompts” documents under “Variants” and “Wildcards”.
"""

import random
import re
from dataclasses import dataclass
from typing import Protocol

from backend.prompts.placed import joined
from backend.prompts.wildcards import Options, Wildcards

DEEPEST, MOST = 30, 2_000
"""How deep choices lie in each other, and how many are made for one prompt: lists can name
themselves."""
_WILDCARD = re.compile(r"__([^\s_{}|](?:[^{}|\n]*?[^\s_{}|])?)__")
_COUNT = re.compile(r"\s*(?:(?P<exactly>\d{1,6})|(?P<least>\d{0,6})-(?P<most>\d{0,6}))\s*\$\$")
_SEPARATOR = ", "


class _Taste(Protocol):
    """How choices are made."""

    def count(self, least: int, most: int) -> int:
        """How many options to take."""
        ...

    def place(self, options: Options) -> int:
        """Which one to take."""
        ...


@dataclass(frozen=True)
class _Chance:
    """Choices that follow from a seed."""

    random: random.Random

    def count(self, least: int, most: int) -> int:
        return least + int(self.random.random() * (most - least + 1))

    def place(self, options: Options) -> int:
        return options.place(self.random.random())


class _Length:
    """Choices that make a prompt as long as it can become."""

    def count(self, least: int, most: int) -> int:
        del least
        return most

    def place(self, options: Options) -> int:
        return options.longest


@dataclass
class _Chooser:
    """Makes the choices of one prompt, one after the other."""

    taste: _Taste
    wildcards: Wildcards
    left: int = MOST

    def write(self, text: str, depth: int = 0) -> str:
        """The text with all its choices made."""
        if depth == DEEPEST:
            return text
        partners = _partners(text)
        written: list[str] = []
        place = 0
        while place < len(text):
            wildcard = _WILDCARD.match(text, place)
            if wildcard:
                listed = self._from_list(wildcard[1], depth)
                written.append(text[place : wildcard.end()] if listed is None else listed)
                place = wildcard.end()
            elif text[place] == "{" and place in partners:
                end = partners[place]
                written.append(self._chosen(text[place + 1 : end], depth))
                place = end + 1
            else:
                length = 2 if text[place] == "\\" else 1
                written.append(text[place : place + length])
                place += length
        return joined(written)

    def _from_list(self, name: str, depth: int) -> str | None:
        """An entry of a list; None where there is no such list."""
        entries = self.wildcards.options(name)
        return self._some(entries, 1, _SEPARATOR, depth) if entries.texts else None

    def _chosen(self, body: str, depth: int) -> str:
        counted = _COUNT.match(body)
        inside = body[counted.end() :] if counted else body
        separator = _SEPARATOR
        if counted and "$$" in inside:
            end = inside.index("$$")
            separator, inside = inside[:end], inside[end + 2 :]
        options = _options(inside)
        if not counted and len(options) == 1:
            return joined(["{", self.write(body, depth + 1), "}"])
        only = _WILDCARD.fullmatch(inside.strip())
        listed = self.wildcards.options(only[1]) if only else None
        taken = listed if listed and listed.texts else Options.of(options)
        return self._some(taken, self._count(counted, len(taken.texts)), separator, depth)

    def _count(self, counted: re.Match[str] | None, available: int) -> int:
        if counted is None:
            return 1
        if counted["exactly"]:
            return int(counted["exactly"])
        least, most = int(counted["least"] or 1), min(int(counted["most"] or available), available)
        return self.taste.count(least, max(least, most))

    def _some(self, options: Options, count: int, separator: str, depth: int) -> str:
        """So many of the options as there are, none twice, in the order in which they are drawn."""
        taken: list[str] = []
        while options.texts and len(taken) < count and self.left > 0:
            self.left -= 1
            place = self.taste.place(options)
            taken.append(self.write(options.texts[place], depth + 1))
            options = options.without(place) if len(taken) < count else options
        return joined(part for each in taken for part in (separator, each))[len(separator) :]


def make_choices(template: str, seed: int | str, wildcards: Wildcards) -> str:
    """The prompt that a template becomes with a seed, the same each time."""
    chance = _Chance(random.Random(str(seed)))  # noqa: S311  no secret
    return _Chooser(chance, wildcards).write(template)


def longest_choices(template: str, wildcards: Wildcards) -> str:
    """The prompt that a template becomes with its longest options, counted in characters."""
    return _Chooser(_Length(), wildcards).write(template)


def missing_wildcards(template: str, wildcards: Wildcards) -> tuple[str, ...]:
    """The names between double underscores in a text for which there is no list, in order."""
    names = dict.fromkeys(found[1] for found in _WILDCARD.finditer(template))
    return tuple(name for name in names if not wildcards.options(name).texts)


def leaves_choices(template: str) -> bool:
    """Whether a text may hold choices, without reading any list."""
    return "{" in template or _WILDCARD.search(template) is not None


def _partners(text: str) -> dict[int, int]:
    """The places of brackets that open, with those that close them; braces hold square ones."""
    found: dict[int, int] = {}
    waiting: list[tuple[str, int]] = []
    braces = 0
    escaped = False
    for place, sign in enumerate(text):
        if escaped or sign == "\\":
            escaped = not escaped
        elif sign in "{[":
            waiting.append((sign, place))
            braces += sign == "{"
        elif sign == "]" and waiting and waiting[-1][0] == "[":
            found[waiting.pop()[1]] = place
        elif sign == "}" and braces:
            while waiting[-1][0] != "{":
                waiting.pop()
            found[waiting.pop()[1]] = place
            braces -= 1
    return found


def _options(body: str) -> list[str]:
    """What lies between the bars of a choice; those within brackets belong to what is in these."""
    partners = _partners(body)
    options: list[str] = []
    start = place = 0
    while place < len(body):
        if body[place] == "|":
            options.append(body[start:place])
            start = place + 1
        place = partners.get(place, place + (body[place] == "\\")) + 1
    return [*options, body[start:]]
