"""Finding the entries of a wildcard by the name that a prompt gives it."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property


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

    def entries(self, name: str) -> tuple[str, ...]:
        """The entries of a list; none where there is no such list.

        A `*` in the name stands for any letters, and takes all lists that fit. A name without its
        folders finds the list where no other is called so.
        """
        wanted = name.strip().casefold()
        if "*" in wanted:
            pattern = wanted.replace("[", "[[]").replace("?", "[?]")
            return self._of(sorted(fnmatch.filter(self._by_name, pattern)))
        if wanted in self._by_name:
            return self._of([wanted])
        inside = [each for each in self._by_name if each.endswith(f"/{wanted}")]
        return self._of(inside if len(inside) == 1 else [])

    def _of(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(entry for name in names for entry in self._by_name[name])
