"""Passwords: made readable, kept only as a slow hash."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS = 4
_GROUP_LETTERS = 4
# About 60 ms and 16 MiB a try; https://www.rfc-editor.org/rfc/rfc7914
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1


def make_password() -> str:
    """A new random password that is easy to read out: four groups of four, about 79 bits."""
    groups = [
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS)
    ]
    return "-".join(groups)


@dataclass(frozen=True)
class PasswordHash:
    """A password's scrypt hash with its salt; says nothing about the password itself."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        """Hash a password with a new salt."""
        salt = secrets.token_bytes(16)
        return cls(salt, _scrypt(password, salt))

    def matches(self, password: str) -> bool:
        """Whether this is the password; takes as long for a wrong one as for the right one."""
        return hmac.compare_digest(self.digest, _scrypt(password, self.salt))

    def __repr__(self) -> str:
        return f"PasswordHash({base64.b64encode(self.salt).decode()}, …)"


def _scrypt(password: str, salt: bytes) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)
