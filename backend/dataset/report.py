"""A dataset as it would be learned from: its pictures, what is wrong with them, and their sizes."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.dataset.buckets import Grid, bucketed
from backend.dataset.captions import tags_of
from backend.dataset.checks import findings
from backend.dataset.looking import Look, look_at
from backend.dataset.scanning import Scanned, scan
from backend.schema.datasets import DatasetReport, Finding
from backend.schema.errors import NotFoundError, RequestError


def report(
    folder: Path,
    trigger: str = "",
    grid: Grid | None = None,
    look: Callable[[Path], Look] = look_at,
) -> DatasetReport:
    """Look at every picture and caption of a folder; nothing is changed.

    Args:
        folder: Where they lie.
        trigger: The word that is to call what is learned; empty for none.
        grid: The sizes at which pictures are learned.
        look: Looks at a picture, as `look_at` does.

    Raises:
        NotFoundError: When there is no such folder, or no picture in it.
        RequestError: When there are too many pictures.
    """
    grid = grid or Grid(512)
    scanned = scan(folder)
    looks, broken = _looks(scanned, look)
    items = tuple(item for item in scanned.items if item.path in looks)
    counted = Counter(tag for item in items for tag in dict.fromkeys(tags_of(item.caption)))
    return DatasetReport(
        items=scanned.items,
        findings=(
            *scanned.findings,
            *broken,
            *findings(items, looks, trigger, grid.resolution),
        ),
        buckets=bucketed(items, grid),
        tags=dict(counted.most_common()),
    )


def _looks(
    scanned: Scanned, look: Callable[[Path], Look]
) -> tuple[dict[str, Look], tuple[Finding, ...]]:
    """What the pictures look like, and those that turn out to be broken behind a whole head."""
    looks: dict[str, Look] = {}
    broken = dict(_all(scanned, looks, look))
    found = tuple(
        Finding(code="unreadable", sentence=sentence, hint="Save it again.", paths=(path,))
        for path, sentence in broken.items()
    )
    return looks, found


def _all(
    scanned: Scanned, looks: dict[str, Look], look: Callable[[Path], Look]
) -> Iterator[tuple[str, str]]:
    for item in scanned.items:
        if item.width:
            try:
                looks[item.path] = look(scanned.folder / item.path)
            except (NotFoundError, RequestError) as error:
                yield item.path, error.sentence
