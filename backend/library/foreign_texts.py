"""Reading text files that other programs wrote, within limits."""

import json
from collections.abc import Callable
from pathlib import Path

import yaml

LARGEST = 5_000_000
"""Bytes; the largest lists of wildcards and styles that are passed around have one tenth."""

Note = Callable[[Path, str], None]
"""Takes a file, and in a sentence what was not understood of it."""


def text_of(file: Path, note: Note, largest: int = LARGEST) -> str | None:
    """A file's text; None, and a note, where it cannot be read."""
    try:
        if file.stat().st_size > largest:
            note(file, f"It is too large: more than {largest // 1_000_000} MB.")
            return None
        return file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        note(file, f"It cannot be read: {error.strerror}.")
        return None


def json_of(file: Path, note: Note, largest: int = LARGEST) -> object:
    """What a JSON file says; None, and a note, where it says nothing."""
    text = text_of(file, note, largest)
    if text is None:
        return None
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        note(file, "It is no JSON.")
        return None
    return parsed


def yaml_of(file: Path, note: Note, largest: int = LARGEST // 5) -> object:
    """What a YAML file says; None, and a note, where it says nothing."""
    text = text_of(file, note, largest)
    if text is None:
        return None
    try:
        parsed: object = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        note(file, "It is no YAML.")
        return None
    return parsed
