"""Who is logged in: random tokens, known here only by their hash, until they expire."""

import hashlib
import secrets
import threading
import time

LIFETIME = 30 * 24 * 3600
"""Seconds for which a browser stays logged in, as long as Easel runs."""


class Sessions:
    """The browsers that are logged in. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = threading.Lock()
        self._ends: dict[bytes, float] = {}

    def begin(self) -> str:
        """A new token of 256 random bits, for a cookie."""
        token = secrets.token_urlsafe(32)
        now = time.monotonic()
        with self._lock:
            self._ends = {known: end for known, end in self._ends.items() if end > now}
            self._ends[_key(token)] = now + LIFETIME
        return token

    def holds(self, token: str) -> bool:
        """Whether the token belongs to a session that has not ended."""
        with self._lock:
            return self._ends.get(_key(token), 0.0) > time.monotonic()

    def end(self, token: str) -> None:
        """Log the token's browser out."""
        with self._lock:
            self._ends.pop(_key(token), None)


def _key(token: str) -> bytes:
    # Looking a hash up tells by its timing nothing about the token.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
