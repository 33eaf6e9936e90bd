"""Naming a file that is no model for what it is, from its first bytes."""

from pathlib import Path

from backend.schema.errors import ModelDamagedError, ModelError

SNIFFED_BYTES = 512
DOWNLOAD_AGAIN = "Download it again."

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
    text = head.lstrip().lower()
    if not head:
        return ModelDamagedError(f"{name} is empty.", DOWNLOAD_AGAIN)
    if text.startswith(_WEB_PAGE_STARTS):
        return ModelDamagedError(
            f"{name} is a web page saved under a model's name.",
            "The site refused the download or wanted a log-in. Open its page, then download again.",
        )
    if text.startswith(b"version https://git-lfs"):
        return ModelDamagedError(
            f"{name} is only a Git LFS pointer to the model, not the model.",
            "Run “git lfs pull” in its folder, or download the file itself.",
        )
    if head.startswith(_PICKLE_STARTS) or (head.startswith(b"PK") and b".pkl" in head):
        return ModelError(
            f"{name} is a pickle file, which can run programs when it is opened.",
            "Get the safetensors version, or convert it with Easel's safe conversion.",
        )
    if not head.strip(b"\x00"):
        return ModelDamagedError(
            f"{name} begins with empty space: its download has not finished.", DOWNLOAD_AGAIN
        )
    for start, what in _OTHER_FILES:
        if head.startswith(start):
            return ModelDamagedError(f"{name} is {what}, not a model.", "Remove it or unpack it.")
    if _is_text(head):
        return ModelDamagedError(
            f"{name} is a text, probably a site's error message, not a model.", DOWNLOAD_AGAIN
        )
    return ModelDamagedError(
        f"{name} is no model file that Easel knows.",
        "Easel reads safetensors and GGUF files and diffusers folders.",
    )


def _is_text(head: bytes) -> bool:
    printable = sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in head)
    return printable >= 0.9 * len(head)
