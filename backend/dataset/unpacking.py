"""Taking pictures and captions out of a zip that nobody vouches for."""

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from backend.dataset.captions import ENDINGS, LISTS
from backend.dataset.names import free_name, plain_name
from backend.dataset.scanning import MOST_PICTURES
from backend.metadata.opening import ENDINGS as PICTURES
from backend.schema.errors import RequestError

MOST_BYTES = 8 * 2**30
"""Of all that a zip holds, unpacked."""
_MOST_OF_ONE = 256 * 2**20
_MOST_OF_TEXT = 16 * 2**20
_AT_ONCE = 2**20


@dataclass(frozen=True)
class Unpacked:
    """What a zip held."""

    folder: Path
    """Of its pictures, beside each its caption."""
    left_out: tuple[str, ...]
    """Why files were not taken, in words."""


def unpack(content: IO[bytes], into: Path) -> Unpacked:
    """Write the pictures and captions of a zip into an empty folder, under names of ours.

    Nothing of it is believed: names cannot leave the folder, and what is written is counted.

    Args:
        content: The zip.
        into: The folder.

    Raises:
        RequestError: When it is no whole zip, locked, or too large.
    """
    try:
        with zipfile.ZipFile(content) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            left_out = _written(packed, members, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise RequestError(
            "This is no whole zip that Easel reads.", "Pack it again, or drop its pictures."
        ) from error
    except RuntimeError as error:  # how the standard library tells of a password
        raise RequestError(
            "The zip has a password.", "Unpack it, and drop its pictures."
        ) from error
    return Unpacked(_inside(into), left_out)


def _written(
    packed: zipfile.ZipFile, members: list[zipfile.ZipInfo], into: Path
) -> tuple[str, ...]:
    pictures = [each for each in members if _kind(each.filename) in PICTURES]
    if len(pictures) > MOST_PICTURES:
        raise RequestError(
            f"The zip holds {len(pictures):,} files; a LoRA learns from {MOST_PICTURES:,} at most.",
            "Pack fewer pictures.",
        )
    left_out: list[str] = []
    names = _Names()
    total = 0
    for each in members:
        place = names.place(each.filename)
        if place is None:
            continue
        if _kind(each.filename) not in PICTURES and not _is_text(each.filename):
            left_out.append(f"{PurePosixPath(each.filename).name} is no picture.")
            continue
        total += _copy(packed, each, into / place, MOST_BYTES - total)
    return tuple(left_out)


def _copy(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write one file; its size is counted, whatever the zip says of it."""
    most = min(left, _MOST_OF_TEXT if _is_text(member.filename) else _MOST_OF_ONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with packed.open(member) as source, path.open("wb") as target:
        while part := source.read(_AT_ONCE):
            written += len(part)
            if written > most:
                raise RequestError(
                    "The zip holds more than a dataset can be large.",
                    "Pack pictures alone, none larger than 256 MB.",
                )
            target.write(part)
    return written


@dataclass
class _Names:
    """Which names the files of a zip get: a picture and its caption have one, and keep it."""

    given: dict[PurePosixPath, str] = field(default_factory=dict[PurePosixPath, str])
    taken: dict[Path, set[str]] = field(default_factory=dict[Path, set[str]])

    def place(self, name: str) -> Path | None:
        """Where a file goes below the folder; None where it is nobody's picture."""
        path = PurePosixPath(name.replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        if not parts or "__MACOSX" in parts or parts[-1].startswith("."):
            return None
        folder = Path(*(plain_name(part, "pictures") for part in parts[:-1]))
        if path.name in LISTS:
            return folder / path.name
        stem = path.with_suffix("")
        if stem not in self.given:
            taken = self.taken.setdefault(folder, set())
            self.given[stem] = free_name(plain_name(path.stem, "picture"), taken)
            taken.add(self.given[stem].casefold())
        return folder / f"{self.given[stem]}{path.suffix.lower()}"


def _kind(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS or path.name in LISTS


def _inside(folder: Path) -> Path:
    """The folder that the zip is of, where it holds one alone that is no concept's."""
    there = list(folder.iterdir())
    if len(there) == 1 and there[0].is_dir() and not there[0].name[:1].isdigit():
        return there[0]
    return folder
