"""Addresses of the pictures that lie beside models."""

from pathlib import Path

from backend.schema.library import SideCar


def version_of(card: SideCar | None) -> str:
    """What changes with a model's picture; empty where there is none."""
    return version_of_picture(card.preview) if card else ""


def version_of_picture(path: str) -> str:
    """What changes with a picture, so that browsers ask anew; empty where there is none."""
    try:
        return f"{Path(path).stat().st_mtime_ns:x}" if path else ""
    except OSError:  # it has gone since the folders were looked at
        return ""
