"""Where the page is, noted in the data folder for a second start that finds the first running."""

from collections.abc import Generator
from contextlib import contextmanager, suppress

from backend.places import Places

_NAME = "page.address"


@contextmanager
def noted_address(places: Places, address: str) -> Generator[None]:
    """Keep the note while the page is there; a disk that refuses it is no reason to stop."""
    note = places.data / _NAME
    with suppress(OSError):
        note.write_text(address, encoding="utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink()


def known_address(places: Places) -> str:
    """Where the page of the Easel that runs is; empty when unknown."""
    try:
        address = (places.data / _NAME).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return address if address.startswith("http://127.0.0.1:") else ""
