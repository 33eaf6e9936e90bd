"""The feed: whole-object changes for readers of any speed."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from backend.schema.jobs import (
    Actor,
    FeedItem,
    JobChanged,
    PictureAdded,
    PictureRemoved,
    PreviewChanged,
    Snapshot,
    SystemChanged,
)

MOST_WAITING = 256
"""A reader with more unread changes than this begins again with a snapshot."""

Attach = Callable[[Actor], Sequence[FeedItem]]
"""What a new reader gets first: a snapshot, and what a snapshot does not hold."""
_Key = tuple[str, str, int]


class Reader:
    """One reader's place in the feed; satisfies `Subscription`.

    Unread changes of one object replace each other, the last one in its order, and the previews
    of a picture or a job go when it is there or has ended. So a slow reader misses steps in
    between, never an outcome, and what waits for it is bounded.
    """

    def __init__(self, actor: Actor, lock: threading.RLock, attach: Attach) -> None:
        self._actor = actor
        self._attach = attach
        self._changed = threading.Condition(lock)
        self._waiting: dict[_Key, FeedItem] = {}
        self._begins = True

    def next(self, timeout: float) -> FeedItem | None:
        """The next item; None when nothing came for `timeout` seconds."""
        with self._changed:
            if self._begins:
                self._begins = False
                self._waiting = {_key(item): item for item in self._attach(self._actor)}
            if not self._changed.wait_for(lambda: bool(self._waiting) or self._begins, timeout):
                return None
            if self._begins:
                return self.next(timeout)
            return self._waiting.pop(next(iter(self._waiting)))

    def put(self, item: FeedItem) -> None:
        """Let the reader know of a change."""
        with self._changed:
            if self._begins:
                return
            for key in _outdated(item, self._waiting):
                del self._waiting[key]
            self._waiting[_key(item)] = item
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._begins = True
            self._changed.notify()

    def may_see(self, owner: str) -> bool:
        """Whether this reader may see what belongs to `owner`."""
        return self._actor.may_see(owner)


class Feed:
    """Everybody who listens.

    It shares the lock of whoever publishes, so that no change falls between a reader's snapshot
    and what follows it.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._readers: list[Reader] = []

    def publish(self, item: FeedItem, owner: str | None = None) -> None:
        """Tell `item` to those who may see what belongs to `owner`; None means everybody."""
        with self._lock:
            for reader in self._readers:
                if owner is None or reader.may_see(owner):
                    reader.put(item)

    @contextmanager
    def follow(self, actor: Actor, attach: Attach) -> Generator[Reader]:
        """Listen; the first item is a snapshot."""
        reader = Reader(actor, self._lock, attach)
        with self._lock:
            self._readers.append(reader)
        try:
            yield reader
        finally:
            with self._lock:
                self._readers.remove(reader)


def _key(item: FeedItem) -> _Key:
    match item:
        case Snapshot() | SystemChanged():
            return (item.type, "", 0)
        case JobChanged():
            return ("job", item.job.id, 0)
        case PreviewChanged():
            return ("preview", item.job, item.index)
        case PictureAdded():
            return ("picture", item.picture.id, 0)
        case PictureRemoved():
            return ("picture", item.picture, 0)


def _outdated(item: FeedItem, waiting: dict[_Key, FeedItem]) -> list[_Key]:
    """What nobody needs to read any more after `item`."""
    outdated = [_key(item)] if _key(item) in waiting else []
    if isinstance(item, PictureAdded):
        preview = ("preview", item.picture.job, item.picture.index)
        outdated += [preview] if preview in waiting else []
    if isinstance(item, JobChanged) and item.job.state.ended:
        outdated += [key for key in waiting if key[:2] == ("preview", item.job.id)]
    return outdated
