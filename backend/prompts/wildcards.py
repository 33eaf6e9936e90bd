"""Options to choose from, and the wildcards that hold them by the names that prompts give them."""

import fnmatch
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Self

_WEIGHT = re.compile(r"\s*(\d{1,9}(?:\.\d*)?|\.\d+)::")


@dataclass(frozen=True)
class Options:
    """Texts of which some are taken, each as often as it weighs: `3::red` three times as often."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, typed: Iterable[str]) -> Self:
        """Options as they are typed, with or without weights."""
        weighed = [_weighed(each) for each in typed]
        return cls(tuple(text for _, text in weighed), tuple(weight for weight, _ in weighed))

    def place(self, chance: float) -> int:
        """Which one a chance from 0 to 1 means; where nothing weighs anything, all are alike."""
        total = self._sums[-1]
        place = bisect_right(self._sums, chance * total) if total else int(chance * len(self.texts))
        return min(place, len(self.texts) - 1)

    @property
    def longest(self) -> int:
        """Which one has the most characters."""
        return max(range(len(self.texts)), key=lambda place: len(self.texts[place]))

    def without(self, place: int) -> "Options":
        """The others."""
        return Options(
            self.texts[:place] + self.texts[place + 1 :],
            self.weights[:place] + self.weights[place + 1 :],
        )

    @cached_property
    def _sums(self) -> list[float]:
        return list(accumulate(self.weights))


@dataclass(frozen=True)
class Wildcards:
    """Lists of which a prompt takes one entry where it says `__name__`."""

    lists: Mapping[str, Sequence[str]]
    """By name; folders in it are told with `/`."""

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """Those of one name, whatever its case, in one list."""
        found: dict[str, list[str]] = {}
        for name, entries in self.lists.items():
            found.setdefault(name.casefold(), []).extend(entries)
        return found

    @cached_property
    def _known(self) -> dict[str, Options]:
        """What was asked for so far: a job asks for the same lists many times."""
        return {}

    def options(self, name: str) -> Options:
        """The entries of a list; none where there is no such list.

        A `*` in the name stands for any letters, and takes all lists that fit. A name without its
        folders finds the list where no other is called so.
        """
        wanted = name.strip().casefold()
        if wanted not in self._known:
            self._known[wanted] = Options.of(self._entries(wanted))
        return self._known[wanted]

    def _entries(self, wanted: str) -> tuple[str, ...]:
        if "*" in wanted:
            pattern = wanted.replace("[", "[[]").replace("?", "[?]")
            return self._of(sorted(fnmatch.filter(self._by_name, pattern)))
        if wanted in self._by_name:
            return self._of([wanted])
        inside = [each for each in self._by_name if each.endswith(f"/{wanted}")]
        return self._of(inside if len(inside) == 1 else [])

    def _of(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(entry for name in names for entry in self._by_name[name])


def _weighed(option: str) -> tuple[float, str]:
    found = _WEIGHT.match(option)
    return (float(found[1]), option[found.end() :]) if found else (1.0, option)
