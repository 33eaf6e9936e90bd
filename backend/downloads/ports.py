"""What downloads need of others: a way to the hubs, and somebody who knows models."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import httpx

from backend.schema.errors import ModelError
from backend.schema.models import ModelFile


class Network(Protocol):
    """The one way to the hubs; it follows redirects, checks them and adds tokens itself."""

    def open(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[httpx.Response]:
        """Ask for an address; the body is yet to be read, as it was sent.

        Raises:
            HubError: When the hub refuses or fails; while the body is read, too.
        """
        ...

    def picture(self, url: str) -> bytes:
        """The bytes of a picture.

        Raises:
            HubError: When it cannot be had.
        """
        ...


class Models(Protocol):
    """Who knows what model files are, and which are here."""

    def refusal(self, name: str, head: bytes) -> ModelError:
        """Why a file that is neither safetensors nor GGUF is none, by its first bytes."""
        ...

    def identify(self, path: Path) -> ModelFile:
        """What a safetensors or GGUF file is, by its header.

        Raises:
            ModelError: When it is damaged.
        """
        ...

    def with_hash(self, sha256: str) -> Path | None:
        """A model that is here already; None where no hash that is known by now is this one."""
        ...

    def arrived(self, path: Path, sha256: str) -> None:
        """Take note of a new file."""
        ...


FreeBytes = Callable[[Path], int]
"""How much can be written to a folder's disk."""
