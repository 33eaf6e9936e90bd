"""The settings of the door: whether there is a password, and under which names we answer."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable

from backend.access.passwords import PasswordHash
from backend.access.sessions import Sessions
from backend.schema.errors import NotAllowedError

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 4.0
_FORGIVEN_AFTER = 60.0
_WAITING = 8


class Access:
    """Who may come in, shared by the page and every other door of one running Easel."""

    def __init__(self, password: str | None = None, names: Iterable[str] = ()) -> None:
        """Set the door up.

        Args:
            password: What a visitor must know; None where only this machine can reach us.
            names: Host names we answer to besides loopback and our own addresses.
        """
        self._password = None if password is None else PasswordHash.of(password)
        self._names = frozenset(name.casefold() for name in names)
        self._tunnels: frozenset[str] = frozenset()
        self._key = secrets.token_bytes(32)
        self._proof: bytes | None = None
        self._failures = 0
        self._failed_at = 0.0
        self._checking = 0
        self.sessions = Sessions()

    @property
    def needs_password(self) -> bool:
        """Whether anything but the log-in page needs credentials."""
        return self._password is not None

    @property
    def names(self) -> frozenset[str]:
        """Host names we answer to, besides loopback and our own addresses."""
        return self._names | self._tunnels

    @property
    def tunnels(self) -> frozenset[str]:
        """Host names of tunnels, which show our own page over HTTPS."""
        return self._tunnels

    def add_tunnel(self, name: str) -> None:
        """Answer under the name of a tunnel that was opened just now."""
        self._tunnels |= {name.casefold()}

    async def check_password(self, password: str) -> bool:
        """Whether this is the password. A wrong one is answered late, and ever later.

        Raises:
            NotAllowedError: When too many are being tried at the same time.
        """
        if self._password is None:
            return True
        proof = hmac.new(self._key, password.encode("utf-8", "surrogatepass"), hashlib.sha256)
        if self._proof and hmac.compare_digest(self._proof, proof.digest()):
            return True  # shown before: no need to be slow for every call of a client
        if self._checking >= _WAITING:
            raise NotAllowedError(
                "Too many passwords are being tried at once.", "Wait a minute, then try again."
            )
        self._checking += 1
        try:
            right = await asyncio.to_thread(self._password.matches, password)
            if right:
                self._proof, self._failures = proof.digest(), 0
            else:
                await asyncio.sleep(self._next_delay())
        finally:
            self._checking -= 1
        return right

    def _next_delay(self) -> float:
        now = time.monotonic()
        if now - self._failed_at > _FORGIVEN_AFTER:
            self._failures = 0
        self._failed_at = now
        self._failures += 1
        return min(_FIRST_DELAY * 2 ** (self._failures - 1), _LONGEST_DELAY)
