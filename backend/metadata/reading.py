"""Reading how a picture was made, whichever program made it."""

import importlib
import pkgutil
from functools import cache

from backend.metadata import dialects as dialects_package
from backend.metadata.dialect import Dialect
from backend.metadata.dialects.a1111 import read_infotext
from backend.metadata.file_texts import FileTexts, Source, read_texts
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading


@cache
def dialects() -> tuple[Dialect, ...]:
    """Every dialect, in the order in which they are tried."""
    names = (
        f"{dialects_package.__name__}.{module.name}"
        for module in pkgutil.iter_modules(dialects_package.__path__)
    )
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    found = [value for value in values if isinstance(value, Dialect)]
    return tuple(sorted(found, key=lambda each: (each.rank, each.program)))


def read_picture(source: Source, catalogue: Catalogue) -> Reading | None:
    """What a picture's file tells; None where it tells nothing, or is no whole picture.

    Raises:
        OSError: When the system does not let us read the file.
    """
    texts = read_texts(source)
    return None if texts is None else reading_of(texts, catalogue)


def reading_of(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """What a file's texts tell; None where no dialect knows them."""
    readings = (each.read(texts, catalogue) for each in dialects())
    return next((reading for reading in readings if reading), None)


def read_text(text: str, catalogue: Catalogue) -> Reading | None:
    """What a pasted text tells; None where it is no infotext."""
    return read_infotext(text, catalogue)
