"""File names from strangers, made safe for every system, and free places for them."""

import re
import unicodedata
from pathlib import Path

SUFFIXES = {
    "safetensors": (".safetensors", ".sft"),
    "gguf": (".gguf",),
    "pickle": (".ckpt", ".pt", ".pth", ".bin"),
    "text": (".txt", ".json", ".csv"),
}
"""How files of a format may end; the first is the usual one."""
_LONGEST_STEM = 120
"""Bytes; with endings and a number it stays far below the 255 that file systems allow."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_NO_NAME = "model"
_CARDS = (".civitai.info", ".json", ".preview.png", ".preview.jpg")


def safe_name(name: str, content: str) -> str:
    """A name for a file, from whatever a hub calls it.

    No folders, no control or direction signs, nothing that Windows reserves, no leading dot, and
    an ending that says what the file holds.

    Args:
        name: As the hub tells it.
        content: What it holds: a key of `SUFFIXES`.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    plain = _FORBIDDEN.sub("_", plain).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    suffix = f"{dot}{suffix}".lower()
    if not stem or suffix not in SUFFIXES[content]:
        known = {each for endings in SUFFIXES.values() for each in endings}
        stem = stem if stem and suffix in known else plain
        suffix = SUFFIXES[content][0]
    stem = _shortened(stem).strip(" .") or _NO_NAME
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return stem + suffix


def free_path(folder: Path, name: str) -> Path:
    """Where a file can be put without taking another's place, or another's side-cars.

    Case does not tell files apart, since on many systems it does not.
    """
    taken = {each.name.casefold() for each in folder.iterdir()} if folder.is_dir() else set[str]()
    stem, suffix = Path(name).stem, Path(name).suffix
    endings = (*(each for several in SUFFIXES.values() for each in several), *_CARDS)
    number, candidate = 1, stem
    while any(f"{candidate}{ending}".casefold() in taken for ending in endings):
        number += 1
        candidate = f"{stem}-{number}"
    return folder / f"{candidate}{suffix}"


def _shortened(stem: str) -> str:
    return stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
