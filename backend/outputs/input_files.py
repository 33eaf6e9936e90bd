"""Pictures that requests refer to: PNG files under the hash of their bytes."""

import hashlib
from pathlib import Path

from backend.outputs.writing import write_atomically
from backend.schema.inputs import InputPicture

FOLDER = "inputs"
"""Below the data folder."""


def keep_input(
    folder: Path, content: bytes, size: tuple[int, int], notes: tuple[str, ...] = ()
) -> InputPicture:
    """Write a picture, unless it is there already.

    Args:
        folder: Where such pictures lie.
        content: Its PNG.
        size: Its width and height in pixels.
        notes: What was changed when it was taken in, a sentence each.

    Raises:
        OutputError: When it cannot be written.
    """
    known = f"input-{hashlib.sha256(content).hexdigest()[:40]}"
    path = folder / f"{known}.png"
    if not path.is_file():
        write_atomically(path, content)
    return InputPicture(id=known, width=size[0], height=size[1], notes=notes)
