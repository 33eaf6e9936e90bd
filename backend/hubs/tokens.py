"""Tokens for models that need a log-in, in a file that only its owner can read.

Not in the system's key store: on machines without a desktop there is none, or one that waits for a
password that nobody can type. What is kept otherwise counts too: the token that huggingface_hub
saved or finds in HF_TOKEN, and CIVITAI_API_TOKEN.
"""

import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import get_token
from pydantic import SecretStr

from backend.hubs.settings import HubSettings
from backend.metadata.loose import Object, as_object, text_in
from backend.outputs.writing import write_atomically
from backend.schema.errors import RequestError
from backend.schema.hubs import HubName

LOG = logging.getLogger(__name__)

_LONGEST = 500
_ONLY_FOR_ITS_OWNER = 0o600


class TokenBook:
    """Keeps one token for each hub. Safe to use from several threads."""

    def __init__(
        self, path: Path, settings: HubSettings, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Use the file at `path`, made when a token is kept first.

        Args:
            path: The file.
            settings: Where the hubs are; what was saved for Hugging Face goes to no other address.
            environment: Where CIVITAI_API_TOKEN may be.
        """
        self._path = path
        self._settings = settings
        self._environment = environment
        self._lock = threading.Lock()

    def of(self, hub: HubName) -> SecretStr | None:
        """The token of a hub; None where there is none."""
        with self._lock:
            kept = text_in(self._read(), hub.value)
        found = kept or self._found_elsewhere(hub)
        return SecretStr(found) if found else None

    def keep(self, hub: HubName, token: str) -> None:
        """Keep a token in place of the one before.

        Raises:
            RequestError: When it cannot be one.
            OutputError: When it cannot be written.
        """
        token = token.strip()
        if not token or len(token) > _LONGEST or not token.isascii() or not token.isprintable():
            raise RequestError("That is no token.", "Copy it whole from the hub's page.")
        if " " in token:
            raise RequestError("A token has no spaces.", "Copy it alone from the hub's page.")
        self._write(hub, token)

    def forget(self, hub: HubName) -> None:
        """Keep none any more; what lies elsewhere is left alone.

        Raises:
            OutputError: When that cannot be written.
        """
        self._write(hub, "")

    def _found_elsewhere(self, hub: HubName) -> str:
        places = (self._settings.of(hub).address, HubSettings().of(hub).address)
        if places[0] != places[1]:
            return ""
        if hub is HubName.CIVITAI:
            return self._environment.get("CIVITAI_API_TOKEN", "").strip()
        return get_token() or ""

    def _read(self) -> Object:
        try:
            return as_object(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            LOG.warning("hubs.tokens_unreadable path=%s", self._path)  # never with what it holds
            return {}

    def _write(self, hub: HubName, token: str) -> None:
        with self._lock:
            kept = dict(self._read()) | {hub.value: token}
            content = json.dumps({name: value for name, value in kept.items() if value})
            write_atomically(self._path, content.encode(), _ONLY_FOR_ITS_OWNER)
