"""What is read from the disk again and again while somebody types, kept for a few seconds."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

SECONDS = 5.0

Value = TypeVar("Value")


class ShortLived(Generic[Value]):
    """A value that is read anew once it is older than a few seconds. Safe in several threads."""

    def __init__(
        self,
        read: Callable[[], Value],
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, Value] | None = None

    def get(self) -> Value:
        """The value, read now or a moment ago."""
        with self._lock:
            now = self._clock()
            if self._kept is None or now - self._kept[0] > self._seconds:
                self._kept = (now, self._read())
            return self._kept[1]
