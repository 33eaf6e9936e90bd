"""Names for the files and folders of datasets that every system takes."""

import re
import unicodedata
from collections.abc import Container

_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Windows opens a device under these names, whatever their endings."""
_LONGEST = 80
"""Characters; at most 4 bytes each, so that an ending still fits into a file system's 255."""
_LONGEST_BYTES = 200


def plain_name(asked: str, otherwise: str) -> str:
    """A name as close to the one that was asked for as every system takes.

    Args:
        asked: Any text, such as a name that a zip tells.
        otherwise: The name where nothing of it can be kept.
    """
    text = unicodedata.normalize("NFC", asked)
    kept = "".join(
        "_" if sign in _NOT_IN_NAMES or not sign.isprintable() else sign for sign in text
    )
    name = kept[:_LONGEST].encode(errors="replace")[:_LONGEST_BYTES].decode(errors="ignore")
    name = name.strip(" .")
    if not name:
        return otherwise
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def concept_name(asked: str, otherwise: str) -> str:
    """A name for a concept's folder, which the setting of trigger words can say too."""
    return plain_name(" ".join(re.sub("[,=]", " ", asked).split()), otherwise)


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it where it is taken, whatever the case of its letters."""
    if name.casefold() not in taken:
        return name
    number = 2
    while f"{name}-{number}".casefold() in taken:
        number += 1
    return f"{name}-{number}"


def slug(name: str) -> str:
    """A name as a folder has it that people type: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "dataset"
