"""The subjects, colours and backgrounds that the starter model learns."""

import hashlib
import tomllib
from dataclasses import dataclass

from recipes.starter.places import RECIPE

HELD_OUT_SHARE = 8
"""One pair of subject and colour in this many is never shown in training."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing to draw: its emoji label and the words that people use for it."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything that a caption of a single object can name."""

    subjects: tuple[Subject, ...]
    colours: tuple[str, ...]
    backgrounds: tuple[str, ...]


def read_catalogue() -> Catalogue:
    """Read `catalogue.toml`, which stands beside this file."""
    table = tomllib.loads((RECIPE / "catalogue.toml").read_text("utf-8"))
    subjects = tuple(
        Subject(label=row["label"], words=tuple(row["words"])) for row in table["subjects"]
    )
    return Catalogue(
        subjects=subjects,
        colours=tuple(table["colours"]),
        backgrounds=tuple(table["backgrounds"]),
    )


def newest_words(count: int) -> set[tuple[str, ...]]:
    """Return the words of each of the subjects that were added last."""
    subjects = read_catalogue().subjects
    return {subject.words for subject in subjects[len(subjects) - count :]}


def is_held_out(label: str, colour: str) -> bool:
    """Say whether training must never show this subject recoloured to this colour.

    The choice hangs on the names alone, so that it stays the same when subjects are added.
    """
    digest = hashlib.sha256(f"{label}|{colour}".encode()).digest()
    return digest[0] % HELD_OUT_SHARE == 0
