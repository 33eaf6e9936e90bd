"""Pictures that somebody hands in, to begin with or as a mask."""

import re

from backend.schema.base import Frozen

INPUT = re.compile(r"input-[0-9a-f]{40}")
"""What the id of a handed-in picture looks like."""
MOST_PIXELS = 2**26
"""Of a picture that is handed in: about 67 million, which take 200 MB while it is worked on."""


class InputPicture(Frozen):
    """A picture that a request can refer to."""

    id: str
    width: int
    """In pixels, upright."""
    height: int
    notes: tuple[str, ...] = ()
    """What was changed when it was taken in, a sentence each."""
