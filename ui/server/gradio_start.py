"""Starting Gradio quickly, quietly and within our own folders."""

import inspect
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import cast

from backend.places import Places


def settle_gradio(places: Places) -> None:
    """Set what Gradio reads when it is imported: nothing is reported, uploads stay with us."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(places.data / "uploads"))


@contextmanager
def without_stubs() -> Generator[None]:
    """Import Gradio inside: it leaves alone the stub files that it ships for editors.

    Otherwise it parses each component's source and writes its stub anew at every import, which is
    two fifths of the time until the page is there. It skips classes whose source has no file.
    """
    find_file = cast("Callable[[object], str]", inspect.getfile)

    def find_no_component(thing: object) -> str:
        if str(getattr(thing, "__module__", "")).startswith("gradio."):
            raise OSError("not now")
        return find_file(thing)

    inspect.getfile = find_no_component
    try:
        yield
    finally:
        inspect.getfile = find_file
