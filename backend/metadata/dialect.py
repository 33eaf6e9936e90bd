"""What a dialect is: a program's way to write down how a picture was made, and how to read it."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.metadata.file_texts import FileTexts
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading

ReadDialect = Callable[[FileTexts, Catalogue], Reading | None]
"""What a file's texts tell in this dialect; None where they are in another."""


@dataclass(frozen=True)
class Dialect:
    """A reader of one program's texts."""

    program: str
    read: ReadDialect
    rank: int


def dialect(program: str, *, rank: int = 10) -> Callable[[ReadDialect], Dialect]:
    """Register a reader.

    Args:
        program: Whose pictures it reads.
        rank: Readers are asked from the lowest on; what several programs write comes last.
    """
    return lambda read: Dialect(program, read, rank)
