"""Keeps two starts of Easel from setting up the same folder at once."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backend.setup.errors import SetupError
from backend.setup.terminal import say

WAIT_SECONDS = 0.5


@contextmanager
def setup_lock(path: Path) -> Generator[int]:
    """Hold the lock file, waiting for another set-up to end; yields the open file.

    The death of its owner frees it, and of the child processes that the owner handed it to: a pip
    whose Easel was killed works on for a while, and nobody should come between.

    Raises:
        SetupError: When the file cannot be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise not_writable(path.parent, error) from error
    try:
        if not _try_lock(handle):
            say("Another Easel is being set up in this folder; waiting for it.")
            while not _try_lock(handle):
                time.sleep(WAIT_SECONDS)
        yield handle
    finally:
        os.close(handle)


def not_writable(folder: Path, error: OSError) -> SetupError:
    """The error for a folder that Easel may not write to."""
    return SetupError(
        f"Easel cannot write to its own folder {folder}: {error.strerror or error}.",
        "Give yourself the right to write there, or copy Easel to a folder of your own.",
    )


if os.name == "nt":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
