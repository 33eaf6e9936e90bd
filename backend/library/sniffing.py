"""Naming a file that is no model for what it is, from its first bytes."""

from collections.abc import Callable
from pathlib import Path

from backend.formats.header import DOWNLOAD_AGAIN
from backend.schema.errors import ModelDamagedError, ModelError

SNIFFED_BYTES = 512

_WEB_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<body")
_PICKLE_STARTS = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_OTHER_FILES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"RIFF", "a WebP picture or a sound file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"PK", "a ZIP archive"),
    (b"\x89HDF", "a Keras (HDF5) model"),
    (b"%PDF", "a PDF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
)


def not_a_model(path: Path, head: bytes) -> ModelError:
    """Say what a file is that is neither safetensors nor GGUF.

    Args:
        path: The file, for its name.
        head: Its first bytes, at most `SNIFFED_BYTES` of them.
    """
    name = f"“{path.name}”"
    if head.startswith(_PICKLE_STARTS) or (head.startswith(b"PK") and b".pkl" in head):
        return ModelError(
            f"{name} is a pickle file, which can run programs when it is opened.",
            "Get the safetensors version, or convert it with Easel's safe conversion.",
        )
    for is_so, what, hint in _SIGNS:
        if is_so(head):
            return ModelDamagedError(f"{name} {what}", hint)
    for start, what in _OTHER_FILES:
        if head.startswith(start):
            return ModelDamagedError(f"{name} is {what}, not a model.", "Remove it or unpack it.")
    what = "is a text, probably a site's error message, not a model."
    if not _is_text(head):
        what = "is no model file that Easel knows: neither safetensors nor GGUF."
    return ModelDamagedError(f"{name} {what}", DOWNLOAD_AGAIN)


def _is_text(head: bytes) -> bool:
    """Whether nearly all of it is printable ASCII."""
    printable = sum(chr(byte).isprintable() and byte < _ASCII_END for byte in head)
    return printable + sum(map(head.count, (b"\r", b"\n", b"\t"))) >= _MOSTLY * len(head)


_ASCII_END = 128
_MOSTLY = 0.9
_SIGNS: tuple[tuple[Callable[[bytes], bool], str, str], ...] = (
    (lambda head: not head, "is empty.", DOWNLOAD_AGAIN),
    (
        lambda head: head.lstrip().lower().startswith(_WEB_PAGE_STARTS),
        "is a web page saved under a model's name.",
        "The site refused the download or wanted a log-in. Open its page, then download again.",
    ),
    (
        lambda head: head.startswith(b"version https://git-lfs"),
        "is only a Git LFS pointer to the model, not the model.",
        "Run “git lfs pull” in its folder, or download the file itself.",
    ),
    (
        lambda head: not head.strip(b"\x00"),
        "begins with empty space: its download has not finished.",
        DOWNLOAD_AGAIN,
    ),
)
