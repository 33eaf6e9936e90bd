"""The upscaler models that are here."""

from collections.abc import Iterable
from pathlib import Path

from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from backend.schema.upscaling import STARTER_UPSCALER, ResolvedUpscaler, UpscalerHere

STARTER_FILE = "upscaler.safetensors"
_STARTER_NAME = "Starter upscaler"


def upscalers_here(entries: Iterable[LibraryEntry], starter: Path) -> tuple[UpscalerHere, ...]:
    """Those that can be used; the starter's comes last.

    Args:
        entries: What is in the library.
        starter: The starter's file, which is no entry of its own.
    """
    there = [
        UpscalerHere(
            model=ResolvedUpscaler(id=entry.id, name=entry.name, path=entry.path),
            about=_architecture(entry),
        )
        for entry in entries
        if is_upscaler(entry) and _usable(entry) and entry.path != str(starter)
    ]
    if starter.is_file():
        own = ResolvedUpscaler(id=STARTER_UPSCALER, name=_STARTER_NAME, path=str(starter))
        there.append(UpscalerHere(model=own, about="for its own pictures"))
    return tuple(there)


def is_upscaler(entry: LibraryEntry) -> bool:
    """Whether a file of the library enlarges pictures."""
    return entry.model is not None and entry.model.kind is ModelKind.UPSCALER


def _usable(entry: LibraryEntry) -> bool:
    return entry.model is not None and entry.model.format == "safetensors"


def _architecture(entry: LibraryEntry) -> str:
    variants = entry.model.variants if entry.model else ()
    return next((fact.value for fact in variants), "")
