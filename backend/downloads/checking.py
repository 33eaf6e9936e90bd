"""Whether what arrived is what was promised, and safe to keep."""

import zipfile
from pathlib import Path
from typing import Literal

from picklescan.scanner import SafetyLevel, ScanResult, scan_bytes

from backend.downloads.names import SUFFIXES
from backend.downloads.ports import Models
from backend.formats.gguf import GGUF_MAGIC
from backend.formats.safetensors import looks_like_safetensors
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import ModelDamagedError, ModelError, RequestError

Content = Literal["safetensors", "gguf", "pickle", "text"]

HEAD_BYTES = 512
_PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_SAFE_ENDINGS = (".safetensors", ".sft", ".gguf")
_TOLD = 3
"""How many of the things a pickle asks for are named."""
_MOST_SWELLING = 4
"""How many times its size an archive may hold."""


def refuse_before(request: DownloadRequest) -> None:
    """Do nothing where a file may be downloaded, as far as its hub tells.

    Raises:
        RequestError: Where it is a pickle that nobody insisted on, or no model's file at all.
    """
    name, file = request.file.name, request.file
    if file.format == "other" and not belongs_to_model(request):
        raise RequestError(
            f"“{name}” is neither safetensors nor GGUF.",
            "Easel downloads models only in these forms; choose another file of this model.",
        )
    if file.format == "pickle" and not request.even_pickles:
        raise RequestError(
            f"“{name}” is a pickle file, which can run programs when it is opened.",
            "Look for a safetensors file of this model. If there is none and you trust its "
            "maker, insist on it: it is scanned, and Easel never opens it as it is.",
        )


def content_of(request: DownloadRequest, head: bytes, models: Models) -> Content:
    """What a file holds, by its first bytes.

    Raises:
        ModelError: Where it is no model, or a pickle that nobody insisted on or that goes by
            another name.
    """
    name = request.file.name
    if looks_like_safetensors(head):
        return "safetensors"
    if head.startswith(GGUF_MAGIC):
        return "gguf"
    if belongs_to_model(request) and b"\0" not in head:
        return "text"
    if not is_pickle(head):
        raise models.refusal(name, head)
    if name.lower().endswith(_SAFE_ENDINGS):
        raise ModelDamagedError(
            f"“{name}” is a pickle file under another name: somebody hides what it is.",
            "It was removed. Do not get it elsewhere, and tell the hub.",
        )
    if not request.even_pickles:
        raise ModelError(
            f"“{name}” is a pickle file, which can run programs when it is opened. It was removed.",
            "Look for a safetensors file of this model.",
        )
    return "pickle"


def belongs_to_model(request: DownloadRequest) -> bool:
    """Whether it is a file of words, which lies beside the weights that need it."""
    return bool(request.place) and request.file.name.lower().endswith(SUFFIXES["text"])


def is_pickle(head: bytes) -> bool:
    """Whether a file begins as torch's pickles do, in an archive or bare."""
    return head.startswith(_PICKLES) or (head.startswith(b"PK") and b".pkl" in head)


def scan_pickle(path: Path, name: str) -> str:
    """Look for code in a pickle without opening it; gives what a person should know, or nothing.

    Raises:
        ModelError: When it would run something dangerous, or cannot be looked through.
    """
    result = _scanned(path, name)
    asked = [f"{each.module}.{each.name}" for each in result.globals]
    if result.issues_count or result.scan_err or not result.scanned_files:
        bad = [
            f"{each.module}.{each.name}"
            for each in result.globals
            if each.safety is SafetyLevel.Dangerous
        ]
        what = f"it asks for {', '.join(bad[:_TOLD])}" if bad else "it cannot be looked through"
        raise ModelError(
            f"“{name}” is dangerous: {what}. It was removed.",
            "Do not get it elsewhere, and tell the hub.",
        )
    if not result.suspicious_count:
        return ""
    return f"“{name}” asks for more than tensors: {', '.join(sorted(asked)[:_TOLD])}."


def _scanned(path: Path, name: str) -> ScanResult:
    """What the scanner says; a damaged archive, or one that swells beyond measure, is an error.

    Torch stores what it writes, and does not pack it.
    """
    unreadable = ScanResult([], scan_err=True)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > _MOST_SWELLING * path.stat().st_size:
                return unreadable
        with path.open("rb") as file:
            return scan_bytes(file, name, ".pt")
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError):
        return unreadable


def require_hash(request: DownloadRequest, sha256: str, kept: str) -> None:
    """Do nothing where the hub told no hash, or this one.

    Args:
        request: What was asked for.
        sha256: The hash of what arrived.
        kept: The name under which it is kept where it is wrong.

    Raises:
        ModelDamagedError: Where it is another.
    """
    expected = request.file.sha256.lower()
    if expected and expected != sha256:
        raise ModelDamagedError(
            f"What arrived is not the “{request.file.name}” that {request.hub.label} describes: "
            f"its SHA-256 begins with {sha256[:10]}, not with {expected[:10]}.",
            f"It lies beside the models as {kept}, which Easel does not use; delete it, or "
            "download it again in some hours, when the hub may have put it right.",
        )
