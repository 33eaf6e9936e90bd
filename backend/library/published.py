"""Which hash and size a model's side-cars say that its file was published with."""

import json
from pathlib import Path

from backend.metadata.loose import Object, as_object, object_in, text_in
from backend.schema.base import Frozen

_LARGEST = 1_000_000
_UNIT = 1024
"""CivitAI tells sizes in KiB, with decimals."""


class Published(Frozen):
    """What a hub told of a file."""

    sha256: str
    bytes: int


def published(model: Path) -> Published | None:
    """What the hub told of a model when it was downloaded; None where nothing lies beside it."""
    card = _read(model.with_name(f"{model.stem}.civitai.info"))
    found = card.get("files")
    listed = [as_object(each) for each in found] if isinstance(found, list) else []
    for file in listed:
        sha256, size = text_in(object_in(file, "hashes"), "SHA256"), file.get("sizeKB")
        if sha256 and isinstance(size, int | float) and (len(listed) == 1 or _named(file, model)):
            return Published(sha256=sha256.lower(), bytes=round(size * _UNIT))
    card = _read(model.with_name(f"{model.stem}.json"))
    sha256, size = text_in(card, "sha256"), card.get("bytes")
    if sha256 and isinstance(size, int):
        return Published(sha256=sha256.lower(), bytes=size)
    return None


def _named(file: Object, model: Path) -> bool:
    return text_in(file, "name") == model.name


def _read(path: Path) -> Object:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return as_object(json.loads(file.read(_LARGEST)))
    except (OSError, ValueError, RecursionError):
        return {}
