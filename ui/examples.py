"""The ideas that the first visit offers."""

import tomllib
from pathlib import Path

from backend.schema.base import Frozen

EXAMPLES_FILE = Path(__file__).resolve().parent.parent / "presets" / "examples.toml"


class Example(Frozen):
    """A prompt that a person can start from."""

    label: str
    prompt: str


class _ExamplesFile(Frozen):
    example: tuple[Example, ...]


def load_examples(path: Path = EXAMPLES_FILE) -> tuple[Example, ...]:
    """Read the examples, in the order in which they are offered.

    Raises:
        OSError: When the file is not there.
        ValueError: When it is not as it should be.
    """
    return _ExamplesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).example
