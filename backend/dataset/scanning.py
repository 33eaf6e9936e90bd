"""Finding the pictures of a folder with their captions.

A folder named `10_cat`, as kohya's scripts have it, says how often its pictures count and what they
show. Any other folder counts once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.dataset.captions import ENDINGS, LISTS, Caption, caption_of, listed_captions
from backend.metadata.opening import ENDINGS as PICTURES
from backend.metadata.opening import size_of
from backend.schema.datasets import DatasetItem, Finding
from backend.schema.errors import NotFoundError, RequestError

_KOHYA = re.compile(r"(\d{1,3})_(.+)")
MOST_PICTURES = 20_000
"""Pictures of a dataset; more are a mistake in the folder's name."""


@dataclass(frozen=True)
class Scanned:
    """What is in a folder."""

    folder: Path
    items: tuple[DatasetItem, ...]
    findings: tuple[Finding, ...]
    """What was wrong with files, before anybody looks at pictures."""


def scan(folder: Path) -> Scanned:
    """Look through a folder and those in it; only the heads of pictures are read.

    Raises:
        NotFoundError: When there is no such folder, or no picture in it.
        RequestError: When there are too many pictures.
    """
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder {folder}.", "Name the folder of your pictures.")
    pictures = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file()
    )
    if not pictures:
        raise NotFoundError(f"{folder} has no pictures.", "Name the folder of your pictures.")
    if len(pictures) > MOST_PICTURES:
        raise RequestError(
            f"{folder} has {len(pictures):,} pictures; "
            f"a LoRA learns from {MOST_PICTURES:,} at most.",
            "Name the folder of the pictures alone.",
        )
    found = tuple(_items(folder, pictures))
    items = tuple(item for item, _ in found)
    return Scanned(folder, items, tuple(_findings(folder, found)))


def _items(folder: Path, pictures: list[Path]) -> Iterator[tuple[DatasetItem, Caption | None]]:
    lists: dict[Path, Mapping[Path, Caption]] = {}
    for path in pictures:
        if path.parent not in lists:
            lists[path.parent] = listed_captions(path.parent)
        caption = caption_of(path) or lists[path.parent].get(path)
        repeats, concept = _told_by(path.parent, folder)
        width, height = _size(path)
        item = DatasetItem(
            path=_below(path, folder),
            caption=caption.text if caption else "",
            written=_below(caption.written, folder) if caption else "",
            repeats=repeats,
            concept=concept,
            width=width,
            height=height,
        )
        yield item, caption


def _told_by(parent: Path, folder: Path) -> tuple[int, str]:
    """How often a folder's pictures count, and what they show."""
    told = _KOHYA.fullmatch(parent.name)
    if told and int(told[1]):
        return int(told[1]), told[2].replace("_", " ")
    return 1, "" if parent == folder else parent.name


def _size(path: Path) -> tuple[int, int]:
    """Width and height; none where the picture is broken."""
    try:
        return size_of(path)
    except (NotFoundError, RequestError):
        return 0, 0


def _findings(
    folder: Path, found: tuple[tuple[DatasetItem, Caption | None], ...]
) -> Iterator[Finding]:
    broken = tuple(item.path for item, _ in found if not item.width)
    if broken:
        yield Finding(
            code="unreadable",
            sentence=f"{_count(broken, 'picture', 'pictures')} cannot be read, "
            "and will be left out.",
            hint="Save them again, or take them away.",
            paths=broken,
        )
    guessed = tuple(item.path for item, caption in found if caption and caption.guessed)
    if guessed:
        yield Finding(
            code="unknown encoding",
            sentence=f"{_count(guessed, 'caption is', 'captions are')} not in UTF-8: "
            "letters may be wrong.",
            hint="Save the caption files as UTF-8.",
            paths=guessed,
        )
    alone = tuple(_alone(folder, {item.path for item, _ in found}))
    if alone:
        yield Finding(
            code="caption without picture",
            sentence=f"{_count(alone, 'caption file has', 'caption files have')} no picture of "
            "the same name.",
            hint="Give picture and caption the same name.",
            paths=alone,
        )


def _alone(folder: Path, pictures: set[str]) -> Iterator[str]:
    names = {str(Path(path).with_suffix("")) for path in pictures}
    for path in sorted(folder.rglob("*")):
        if path.suffix in ENDINGS and path.name not in LISTS:
            below = path.relative_to(folder)
            if str(below.with_suffix("")) not in names:
                yield below.as_posix()


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _count(paths: tuple[str, ...], one: str, several: str) -> str:
    return f"1 {one}" if len(paths) == 1 else f"{len(paths)} {several}"
