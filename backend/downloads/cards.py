"""What is written beside a downloaded model, for Easel and for other programs.

Sources: the fields of a model version in CivitAI's public API, as its helper extensions keep them
in `.civitai.info`; the fields that A1111's card editor keeps in `.json`; its `.preview.png`.
"""

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from backend.outputs.writing import write_atomically
from backend.schema.downloads import DownloadRequest
from backend.schema.hubs import HubName
from backend.schema.library import PREVIEW_ENDINGS
from backend.schema.models import Family, ModelKind

_FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 768
_CIVITAI_TYPES = {
    ModelKind.LORA: "LORA",
    ModelKind.EMBEDDING: "TextualInversion",
    ModelKind.VAE: "VAE",
    ModelKind.CONTROLNET: "Controlnet",
    ModelKind.UPSCALER: "Upscaler",
    ModelKind.HYPERNETWORK: "Hypernetwork",
    ModelKind.MOTION_MODULE: "MotionModule",
}
_A1111_VERSIONS = {Family.SD15: "SD1", Family.SD2: "SD2", Family.SDXL: "SDXL"}


def write_cards(model: Path, request: DownloadRequest, sha256: str) -> None:
    """Write what the hub tells of a model beside it; a file that is there stays.

    Raises:
        OutputError: When the disk refuses it.
    """
    cards: dict[str, Mapping[str, object]] = {}
    if request.hub is HubName.CIVITAI:
        cards[".civitai.info"] = _civitai(request, model, sha256)
    if request.hub is HubName.HUGGING_FACE or request.strength is not None:
        cards[".json"] = _a1111(request, sha256, model.stat().st_size)
    for ending, card in cards.items():
        path = model.with_name(model.stem + ending)
        if not path.exists():
            write_atomically(path, json.dumps(card, indent=2, ensure_ascii=False).encode())


def write_preview(model: Path, picture: bytes) -> bool:
    """Write a small version of a picture beside a model; False where it is no picture.

    Raises:
        OutputError: When the disk refuses it.
    """
    small = _small(picture)
    if small is not None:
        write_atomically(model.with_name(f"{model.stem}.preview.jpg"), small)
    return small is not None


def has_preview(model: Path) -> bool:
    """Whether a picture of a model lies beside it, whoever put it there."""
    return any(model.with_name(model.stem + ending).exists() for ending in PREVIEW_ENDINGS)


def _civitai(request: DownloadRequest, model: Path, sha256: str) -> dict[str, object]:
    return {
        "id": _number(request.version),
        "modelId": _number(request.model),
        "name": request.version_name,
        "baseModel": request.base_model,
        "trainedWords": list(request.trigger_words),
        "description": "",
        "downloadUrl": request.file.address,
        "model": {
            "name": request.name,
            "type": _CIVITAI_TYPES.get(request.kind, "Checkpoint"),
            "description": request.description,
            "license": request.licence,
        },
        "files": [
            {
                "name": request.file.name,
                "sizeKB": model.stat().st_size / 1024,
                "hashes": {"SHA256": sha256.upper(), "AutoV2": sha256[:10].upper()},
                "primary": request.file.primary,
            }
        ],
        "images": [{"url": request.sample.address}] if request.sample else [],
    }


def _a1111(request: DownloadRequest, sha256: str, count: int) -> dict[str, object]:
    return {
        "description": request.description,
        "sd version": _A1111_VERSIONS.get(request.family, "Unknown"),
        "activation text": ", ".join(request.trigger_words),
        "preferred weight": request.strength or 0,
        "notes": f"{request.title}, {request.licence}".rstrip(", "),
        "source": request.page,
        "sha256": sha256,
        "bytes": count,
    }


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def _small(picture: bytes) -> bytes | None:
    """A JPEG of at most `_LONGEST_SIDE`, without what else the file holds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    return None
                opened.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
                small = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning):
        return None
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
