"""Making many lasting objects without having them searched for garbage again and again."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Generator[None]:
    """Pause Python's search for circular garbage, in all threads.

    While 10,000 models are described, that search takes longer than all else, and finds nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
