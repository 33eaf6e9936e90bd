"""The format of a picture's file, from what the file is to be called."""

from collections.abc import Mapping
from pathlib import Path

from backend.schema.errors import RequestError
from backend.schema.output_settings import ENDINGS


def format_of(target: Path, asked: object = None) -> str:
    """The format that a file's name says.

    Args:
        target: The file.
        asked: A format that was asked for as well; None for any.

    Raises:
        RequestError: When Easel writes no such files, or another format was asked for.
    """
    endings: Mapping[str, str] = {
        **{ending: name for name, ending in ENDINGS.items()},
        ".jpeg": "jpeg",
    }
    named = endings.get(target.suffix.lower())
    wanted = [ending for ending, name in endings.items() if asked in (None, name)]
    if named is None or named not in {endings[ending] for ending in wanted}:
        known = " or ".join(wanted)
        raise RequestError(f"“{target.name}” does not end in {known}.", "Give it another name.")
    return named
