"""Looking through all folders, opening only what is new or changed."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from backend.library.hashing import hashes_from
from backend.library.index import HashRow, Index
from backend.library.installations.installation import Root
from backend.library.reading import entry_of
from backend.library.remembering import Remembered, State
from backend.library.uncollected import uncollected
from backend.library.walking import Found, Walk
from backend.schema.library import Hashes, LibraryEntry, Rescanned

FIRST_WAIT_SECONDS = 0.5
"""How long somebody who asks during the first scan waits for it to end."""
_SHOW_SECONDS = 0.25


class Scanner:
    """Knows the entries that the last scan found. Safe to use from several threads."""

    def __init__(self, roots: Callable[[], tuple[Root, ...]], index: Index) -> None:
        """Look through `roots`, asked for anew each time."""
        self._roots = roots
        self._index = index
        self._remembered = Remembered(index)
        self._one_at_a_time = threading.Lock()
        self._lock = threading.Lock()
        self._entries: Mapping[str, LibraryEntry] = {}
        self._revision = 0
        self._expected = False
        self._scanning = False
        self._stopping = False
        self._first_over = threading.Event()

    @property
    def scanning(self) -> bool:
        """Whether a scan is under way."""
        return self._scanning

    @property
    def revision(self) -> int:
        """Grows with each change of the entries, their hashes apart."""
        return self._revision

    def expect(self) -> None:
        """Note that a scan begins soon in another thread, so that nobody has to wait for one."""
        self._expected = True

    def stop(self) -> None:
        """Have a scan end where it is."""
        self._stopping = True

    def entries(self) -> Mapping[str, LibraryEntry]:
        """What was found last, by id; during the first scan, what it has found so far."""
        if not self._expected:
            self.scan()
        if not self._first_over.is_set():
            self._first_over.wait(FIRST_WAIT_SECONDS)
        return self._entries

    def settle(self) -> None:
        """Wait until the first scan is over."""
        if self._expected:
            self._first_over.wait()
        else:
            self.scan()

    def scan(self) -> Rescanned:
        """Look through all folders; a second caller waits, then looks again."""
        self._expected = True
        with self._one_at_a_time:
            self._scanning = True
            try:
                with uncollected():
                    return self._scan()
            finally:
                self._scanning = False
                self._first_over.set()

    def note_hashes(self, path: str, hashes: Hashes) -> None:
        """Show hashes that were worked out."""
        with self._lock:
            found = [entry for entry in self._entries.values() if entry.path == path]
            known = {each.id: each.model_copy(update={"hashes": hashes}) for each in found}
            self._entries = {**self._entries, **known}

    def _scan(self) -> Rescanned:
        hashes, walk = self._index.hashes(), Walk()
        entries: dict[str, LibraryEntry] = {}
        ids: defaultdict[State, list[str]] = defaultdict(list)
        shown = time.monotonic()
        for found in walk.through(self._roots()):
            if self._stopping:
                self._remembered.save()
                return Rescanned(found=len(entries))
            if found.id in entries:
                continue
            facts, state = self._remembered.facts(found)
            ids[state].append(found.id)
            entries[found.id] = entry_of(found, facts, _hashes(found, hashes))
            if not self._first_over.is_set() and time.monotonic() - shown > _SHOW_SECONDS:
                self._show(dict(entries))
                shown = time.monotonic()
        self._remembered.save()
        seen = [entry.path for entry in entries.values()]
        forgotten = self._remembered.forget_others(seen, walk.entered)
        gone = [known for known in self._entries if known not in entries]
        self._show(entries)
        return Rescanned(
            found=len(entries),
            broken=sum(entry.problem is not None for entry in entries.values()),
            new=tuple(ids["new"]),
            gone=tuple(gone or forgotten),
            changed=tuple(ids["changed"]),
        )

    def _show(self, entries: Mapping[str, LibraryEntry]) -> None:
        with self._lock:
            if entries != self._entries:
                self._entries = entries
                self._revision += 1


def _hashes(found: Found, hashes: Mapping[str, HashRow]) -> Hashes | None:
    row = hashes.get(found.path)
    same = row and (row.bytes, row.changed) == (found.bytes, found.changed)
    return hashes_from(row) if row and same else None
