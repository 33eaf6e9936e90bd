"""The unfinished file of a download, and a note beside it of what it is to become."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.downloads.names import safe_name
from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import OutputError

_CHUNK = 4 << 20


class Note(Frozen, extra="ignore"):
    """What the bytes in an unfinished file belong to."""

    address: str
    """Where it is asked for; never where a redirect led, since such addresses are secrets."""
    sha256: str = ""
    """As the hub tells it."""
    etag: str = ""
    """As the host of the file tells it."""
    total: int | None = None
    """Bytes of the whole file, as its host tells."""


class Part:
    """Bytes that arrive, and a running hash of them.

    Its name holds a fingerprint of what is downloaded, so that files of one name from different
    models never meet. Use `open` before and `close` after.
    """

    def __init__(self, request: DownloadRequest) -> None:
        """The unfinished file of a download; nothing is opened."""
        self._request = request
        key = part_key(request)
        stem = Path(safe_name(request.file.name, "safetensors")).stem
        self.path = Path(request.folder) / f"{stem}.{key[:8]}.part"
        self._note_path = self.path.with_name(f"{self.path.name}.json")
        self.note = Note(address=request.file.address, sha256=request.file.sha256)
        self.length = 0
        self.resumed = False
        """Whether bytes of several answers were put together."""
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._hashed = 0

    def open(self) -> None:
        """Take up what is there, where the note says that it belongs to the same file.

        Raises:
            OutputError: When the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        except OSError as error:
            raise disk_error(self.path, error) from error
        known = self._read_note()
        if known and (known.address, known.sha256) == (self.note.address, self.note.sha256):
            self.note = known
            self.length = self._file.seek(0, os.SEEK_END)
            self.resumed = self.length > 0
        else:
            self.begin_again()

    def begin_again(self) -> None:
        """Drop all bytes, and what was known of them."""
        file = self._opened()
        file.truncate(0)
        file.seek(0)
        self.length, self.resumed = 0, False
        self._hash, self._hashed = hashlib.sha256(), 0
        self.note = self.note.model_copy(update={"etag": "", "total": None})

    def keep_note(self, *, etag: str, total: int | None) -> None:
        """Note what the host of the file told of it.

        Raises:
            OutputError: When it cannot be written.
        """
        self.note = self.note.model_copy(update={"etag": etag, "total": total})
        write_atomically(self._note_path, self.note.model_dump_json().encode())

    def write(self, chunk: bytes) -> None:
        """Add bytes.

        Raises:
            OutputError: When the disk refuses them; what it took stays.
        """
        file, left = self._opened(), memoryview(chunk)
        while left:
            try:
                count = file.write(left)
            except OSError as error:
                raise disk_error(self.path, error) from error
            if self._hashed == self.length:
                self._hash.update(left[:count])
                self._hashed += count
            self.length += count
            left = left[count:]

    def head(self, count: int) -> bytes:
        """The first bytes, at most `count`."""
        file = self._opened()
        file.seek(0)
        found = file.read(count)
        file.seek(0, os.SEEK_END)
        return found

    def hashed(self) -> Iterator[int]:
        """Hash what was not hashed as it came, from the disk; yields the bytes done."""
        file = self._opened()
        if self._hashed < self.length:
            self._hash, self._hashed = hashlib.sha256(), 0
            file.seek(0)
            while chunk := file.read(_CHUNK):
                self._hash.update(chunk)
                self._hashed += len(chunk)
                yield self._hashed
        file.seek(0, os.SEEK_END)

    @property
    def sha256(self) -> str:
        """Of all bytes, after `hashed`."""
        return self._hash.hexdigest()

    def flush(self) -> None:
        """Have all bytes on the disk.

        Raises:
            OutputError: When it refuses.
        """
        try:
            os.fsync(self._opened().fileno())
        except OSError as error:
            raise disk_error(self.path, error) from error

    def close(self) -> None:
        """Let go of the file; one without a byte is removed."""
        if self._file:
            self._file.close()
            self._file = None
            if not self.length:
                self.remove()

    def remove(self) -> None:
        """Remove the file and its note."""
        if self._file:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)
        self.forget_note()

    def forget_note(self) -> None:
        """Remove the note of a file that has another name now."""
        self._note_path.unlink(missing_ok=True)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError(f"{self.path.name} is not open")
        return self._file

    def _read_note(self) -> Note | None:
        try:
            return Note.model_validate_json(self._note_path.read_bytes())
        except (OSError, ValueError):
            return None


def part_key(request: DownloadRequest) -> str:
    """A fingerprint of what is downloaded: the same for the same file of the same version."""
    named = (request.hub, request.model, request.version, request.file.name, request.folder)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def disk_error(path: Path, error: OSError) -> OutputError:
    """What the disk said, in words."""
    return OutputError(
        f"{path.name} cannot be written in {path.parent}: {error.strerror}.",
        "Look at the disk and the folder's rights, then resume the download; what is there is "
        "kept.",
    )
