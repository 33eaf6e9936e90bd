"""Addresses of the pictures that lie beside models."""

from pathlib import Path

from backend.schema.library import SideCar


def version_of(card: SideCar | None) -> str:
    """What changes with the picture, so that browsers ask anew; empty where there is none."""
    if card is None or not card.preview:
        return ""
    try:
        return f"{Path(card.preview).stat().st_mtime_ns:x}"
    except OSError:  # it has gone since the folders were looked at
        return ""
