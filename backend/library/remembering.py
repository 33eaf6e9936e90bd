"""Facts of files that were read before, or are read now."""

import os
from collections.abc import Iterable, Sequence
from typing import Literal

from backend.library.index import Index, Row
from backend.library.reading import Facts, read_facts
from backend.library.walking import Found

State = Literal["known", "new", "changed"]
_ROWS_AT_ONCE = 200


class Remembered:
    """Reads each file once, until it or a file beside it changes."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._rows: dict[str, Row] | None = None
        """By path; None until the index was read."""
        self._facts: dict[str, Facts] = {}
        self._fresh: list[Row] = []

    def facts(self, found: Found) -> tuple[Facts, State]:
        """What is known of a file, and whether it had to be read for that."""
        rows = self._all()
        row = rows.get(found.path)
        if row and (row.bytes, row.changed, row.cards) == (found.bytes, found.changed, found.cards):
            return self._facts[row.path], "known"
        facts = read_facts(found)
        told = facts.model_dump_json(exclude_defaults=True)
        rows[found.path] = Row(found.path, found.bytes, found.changed, found.cards, told)
        self._facts[found.path] = facts
        self._fresh.append(rows[found.path])
        if len(self._fresh) >= _ROWS_AT_ONCE:
            self.save()
        return facts, "changed" if row else "new"

    def save(self) -> None:
        """Write what was read to the index."""
        self._index.keep(self._fresh)
        self._fresh = []

    def forget_others(self, seen: Iterable[str], roots: Sequence[str]) -> tuple[str, ...]:
        """Forget what is gone: the paths below these roots that nobody saw.

        What lies elsewhere is kept: a disk that is not there now may come back.
        """
        rows = self._all()
        below = tuple(os.path.join(root, "") for root in roots)  # noqa: PTH118  its separator ends it
        gone = tuple(path for path in rows.keys() - set(seen) if path.startswith(below))
        for path in gone:
            del rows[path]
            self._facts.pop(path, None)
        self._index.drop(gone)
        return gone

    def _all(self) -> dict[str, Row]:
        if self._rows is None:
            known = self._index.rows()
            self._facts = {path: Facts.model_validate_json(r.told) for path, r in known.items()}
            self._rows = known
        return self._rows
