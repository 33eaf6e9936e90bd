"""Files that are there whole or not at all."""

import errno
import os
import secrets
from pathlib import Path

from backend.schema.errors import OutputError

_REASONS = {
    errno.ENOSPC: ("The disk is full", "Free some space, then resume the queue."),
    errno.EDQUOT: ("Your share of the disk is used up", "Free some space, then resume the queue."),
    errno.EACCES: ("Easel may not write there", "Give yourself the right to write, or move it."),
    errno.EPERM: ("Easel may not write there", "Give yourself the right to write, or move it."),
    errno.EROFS: ("The disk can only be read", "Choose an outputs folder on another disk."),
    errno.ENAMETOOLONG: ("The name is too long", "Choose a shorter file name pattern."),
    errno.ENOTDIR: ("A file is where a folder should be", "Rename that file."),
    errno.EEXIST: ("A file is where a folder should be", "Rename that file."),
}


def write_atomically(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write `path` so that, even after a power cut, it is whole or not there.

    The bytes go to a temporary file in the same folder (made if need be), are flushed to the disk,
    and take their name in one step.

    Args:
        path: The file.
        content: All of it.
        mode: Who may read and write it, from its first byte on; the system's mask takes away more.

    Raises:
        OutputError: With the reason in plain words; no temporary file is left behind.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(temporary, content, mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except OSError as error:
        raise _explained(path, error) from error


def _write(path: Path, content: bytes, mode: int) -> None:
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(path: Path, error: OSError) -> OutputError:
    fallback = (error.strerror or "The system refused", "Look at the folder and the disk.")
    reason, hint = _REASONS.get(error.errno or 0, fallback)
    return OutputError(f"{path.name} cannot be saved in {path.parent}: {_lower(reason)}.", hint)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if not sentence.startswith("Easel") else sentence
