"""Hashes of model files: worked out once, in small steps that can be stopped."""

import hashlib
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from backend.formats.safetensors import looks_like_safetensors
from backend.library.identify.folder import folder_weights
from backend.library.index import HashRow, Index
from backend.library.walking import found_folder
from backend.schema.errors import ModelDamagedError
from backend.schema.library import Hashes

_CHUNK = 4 << 20
_LENGTH_BYTES = 8
NO_TENSORS = "-"
"""Stands in the index for what has no safetensors header to leave out."""
_SHORT_DIGITS, _TENSOR_DIGITS = 10, 12

Pause = Callable[[float], None]
"""Told after each step how many seconds it took; raises to stop."""


class Hasher:
    """Hashes files and diffusers folders; what is known of unchanged files is not read again."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._hurried = 0

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for a hash right now."""
        return self._hurried > 0

    def sha256(self, path: Path) -> str:
        """The SHA-256 of a file's bytes, or one of all weights of a diffusers folder.

        The first time it reads all of it, about a second for each gigabyte.

        Raises:
            OSError: When it cannot be read.
            ModelDamagedError: When a folder has no weights.
        """
        with self._hurry():
            return self._of(path, with_tensors=False, pause=_no_pause).sha256

    def hashes(self, path: Path, pause: Pause | None = None) -> Hashes:
        """All hashes of a file or folder.

        Args:
            path: The file or folder.
            pause: Called after each step; without it somebody waits, and others give way.

        Raises:
            OSError: When it cannot be read.
            ModelDamagedError: When a folder has no weights.
        """
        if pause:
            return hashes_from(self._of(path, with_tensors=True, pause=pause))
        with self._hurry():
            return hashes_from(self._of(path, with_tensors=True, pause=_no_pause))

    @contextmanager
    def _hurry(self) -> Generator[None]:
        with self._lock:
            self._hurried += 1
        try:
            yield
        finally:
            with self._lock:
                self._hurried -= 1

    def _of(self, path: Path, *, with_tensors: bool, pause: Pause) -> HashRow:
        if path.is_dir():
            return self._of_folder(path, pause)
        return self._of_file(path, with_tensors=with_tensors, pause=pause)

    def _of_folder(self, folder: Path, pause: Pause) -> HashRow:
        sha256 = _together(
            folder, lambda file: self._of_file(file, with_tensors=False, pause=pause).sha256
        )
        state = found_folder(str(folder), folder.name)
        row = HashRow(str(folder), state.bytes, state.changed, sha256, NO_TENSORS)
        self._index.keep_hash(row)
        return row

    def _of_file(self, path: Path, *, with_tensors: bool, pause: Pause) -> HashRow:
        state = path.stat()
        known = self._index.hash_of(str(path))
        same = known and (known.bytes, known.changed) == (state.st_size, state.st_mtime_ns)
        if known and same and (known.tensors or not with_tensors):
            return known
        sha256, tensors = _digests(path, with_tensors=with_tensors, pause=pause)
        row = HashRow(str(path), state.st_size, state.st_mtime_ns, sha256, tensors)
        self._index.keep_hash(row)
        return row


def sha256_again(path: Path) -> str:
    """What `Hasher.sha256` gives, read from the disk now, whatever is known of the file.

    Raises:
        OSError: When it cannot be read.
        ModelDamagedError: When a folder has no weights.
    """
    if path.is_dir():
        return _together(path, sha256_again)
    return _digests(path, with_tensors=False, pause=_no_pause)[0]


def sampled_hash(path: Path) -> str:
    """A1111's old hash, by which infotext still tells control models apart; empty for a folder.

    Source: `model_hash` in A1111's `sd_models.py`: the first 8 digits of the SHA-256 of 64 KiB,
    1 MiB after the start of the file.

    Raises:
        OSError: When it cannot be read.
    """
    if path.is_dir():
        return ""
    with path.open("rb") as file:
        file.seek(1 << 20)
        return hashlib.sha256(file.read(1 << 16)).hexdigest()[:8]


def _together(folder: Path, sha256_of: Callable[[Path], str]) -> str:
    """The hash of the names and hashes of a folder's weights, wherever it lies."""
    weights = sorted(folder_weights(folder), key=lambda file: file.relative_to(folder).parts)
    if not weights:
        raise ModelDamagedError(
            f"The checkpoint “{folder.name}” has no weights.", "Copy or download it again."
        )
    together = hashlib.sha256()
    for file in weights:
        together.update(f"{file.relative_to(folder).as_posix()} {sha256_of(file)}\n".encode())
    return together.hexdigest()


def hashes_from(row: HashRow) -> Hashes:
    """The names by which other programs know a file."""
    short = row.sha256[:_SHORT_DIGITS]
    return Hashes(sha256=row.sha256, short=short, tensors=row.tensors.rstrip(NO_TENSORS))


def _digests(path: Path, *, with_tensors: bool, pause: Pause) -> tuple[str, str]:
    """A file's SHA-256, and the first digits of that of the bytes after a safetensors header."""
    whole, tensors = hashlib.sha256(), hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        head = file.read(_LENGTH_BYTES + 1)
        has_header = with_tensors and looks_like_safetensors(head)
        skip = _LENGTH_BYTES + int.from_bytes(head[:_LENGTH_BYTES], "little") if has_header else 0
        file.seek(0)
        began = time.monotonic()
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
            if has_header:
                tensors.update(memoryview(chunk)[skip:])
                skip = max(0, skip - len(chunk))
            pause(time.monotonic() - began)
            began = time.monotonic()
    if not with_tensors:
        return whole.hexdigest(), ""
    return whole.hexdigest(), tensors.hexdigest()[:_TENSOR_DIGITS] if has_header else NO_TENSORS


def _no_pause(seconds: float) -> None:
    del seconds
