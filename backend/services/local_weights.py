"""A file of this machine that becomes a preprocessor's, once it is known to hold weights."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from backend.downloads.checking import HEAD_BYTES, is_pickle, scan_pickle
from backend.formats.safetensors import looks_like_safetensors
from backend.library.identify.identify import identify_file
from backend.library.sniffing import not_a_model
from backend.schema.errors import ModelError, NotFoundError, OutputError

_SAFE = ".safetensors"


def take_file(path: Path, place: Path) -> None:
    """Have a file in a place: as a hard link, or copied where it lies on another disk.

    Args:
        path: The file; it stays where it is.
        place: Where it is wanted, under the name that says which form it has.

    Raises:
        NotFoundError: When it is not there.
        ModelError: When it holds no weights, has another form, or would run something.
        OutputError: When it cannot be put there.
    """
    _require_weights(path, place)
    unfinished = place.with_name(f"{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        try:
            os.link(path, unfinished)
        except OSError:
            shutil.copyfile(path, unfinished)
        unfinished.replace(place)
    except OSError as error:
        raise OutputError(
            f"{path.name} cannot be put into {place.parent}: {error.strerror}.",
            "Look at the disk and the folder's rights.",
        ) from error


def _require_weights(path: Path, place: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError) as error:
        raise NotFoundError(
            f"There is no file at {path} that can be read.", "Write its whole path."
        ) from error
    safe = looks_like_safetensors(head)
    if not safe and not is_pickle(head):
        raise not_a_model(path, head)
    if safe != (place.suffix == _SAFE):
        raise ModelError(
            f"“{path.name}” is not in the form of {place.name}.",
            "Take the very file that the preprocessor names.",
        )
    if safe:
        identify_file(path)
        return
    try:
        scan_pickle(path, path.name)
    except ModelError as error:
        kept = error.sentence.replace("It was removed.", "It was not taken.")
        raise replace(error, sentence=kept) from error
