"""Fingerprints of model files, worked out once and remembered while the file stays the same."""

import contextlib
import hashlib
from pathlib import Path

from pydantic import RootModel

from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen
from backend.schema.errors import OutputError


class _Known(Frozen):
    bytes: int
    changed: int
    sha256: str


class _AllKnown(RootModel[dict[str, _Known]]):
    pass


class HashCache:
    """SHA-256 of files, kept in one JSON file; a hash holds while size and time stay the same."""

    def __init__(self, path: Path) -> None:
        """Use the JSON file at `path`, made when the first hash is known."""
        self._path = path

    def sha256(self, file: Path) -> str:
        """The hash of `file` in hexadecimal; reads all of it the first time.

        Raises:
            OSError: When the file cannot be read.
        """
        key, state = str(file.resolve()), file.stat()
        known = self._read().get(key)
        if known and (known.bytes, known.changed) == (state.st_size, state.st_mtime_ns):
            return known.sha256
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        new = _Known(bytes=state.st_size, changed=state.st_mtime_ns, sha256=digest)
        content = _AllKnown({**self._read(), key: new}).model_dump_json()
        with contextlib.suppress(OutputError):  # without it the hash is just worked out again
            write_atomically(self._path, content.encode())
        return digest

    def _read(self) -> dict[str, _Known]:
        try:
            return _AllKnown.model_validate_json(self._path.read_text(encoding="utf-8")).root
        except (OSError, ValueError):
            return {}
