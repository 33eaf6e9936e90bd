"""The pictures that a training learns, with every choice made: caption, size, part in it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from backend.dataset.buckets import Grid
from backend.dataset.captions import with_trigger
from backend.dataset.concepts import Concepts
from backend.dataset.looking import Look, look_at
from backend.dataset.report import report
from backend.schema.datasets import DatasetItem, DatasetReport
from backend.schema.errors import RequestError
from backend.schema.training import LearnedPicture
from backend.schema.training_data import DatasetSettings


def learned_pictures(
    asked: DatasetSettings, grid: Grid, look: Callable[[Path], Look] = look_at
) -> tuple[LearnedPicture, ...]:
    """All pictures that can be read, those to be learned first, in the order of their names.

    Args:
        asked: What a person chose.
        grid: The sizes at which pictures are learned.
        look: Looks at a picture, as `look_at` does.

    Raises:
        NotFoundError: When there is no such folder, or no picture in it.
        RequestError: When no picture can be read, or a concept has no folder.
    """
    folder = _folder(asked.folder)
    concepts = Concepts.read(asked.trigger, asked.concepts)
    told = report(folder, concepts.trigger, grid, look)
    concepts.check(told.items)
    beside = _folder(asked.regular_folder) if asked.regular_folder else None
    own = tuple(
        each
        for each in _own(folder, told, concepts, asked)
        if beside not in Path(each.path).parents
    )
    if not own:
        raise RequestError("None of the pictures can be read.", "Save them again.")
    return (*_held_back(own, asked.validation), *_regular(asked.regular_folder, grid, look))


def _folder(typed: str) -> Path:
    return Path(typed).expanduser().absolute()


def _own(
    folder: Path, told: DatasetReport, concepts: Concepts, asked: DatasetSettings
) -> Iterator[LearnedPicture]:
    for item, (width, height) in _sized(told):
        word, caption = concepts.of(item), item.caption or _class_of(item)
        yield LearnedPicture(
            path=str(folder / item.path),
            caption=with_trigger(caption, word, asked.place) if word else caption,
            repeats=item.repeats,
            width=width,
            height=height,
            concept=word,
        )


def _regular(typed: str, grid: Grid, look: Callable[[Path], Look]) -> Iterator[LearnedPicture]:
    """Those of the class; without a caption they show what their folder is called."""
    if not typed:
        return
    folder = _folder(typed)
    for item, (width, height) in _sized(report(folder, "", grid, look)):
        yield LearnedPicture(
            path=str(folder / item.path),
            caption=item.caption or item.concept,
            repeats=item.repeats,
            width=width,
            height=height,
            regular=True,
        )


def _class_of(item: DatasetItem) -> str:
    """What a folder such as `10_cat` says of its pictures; nothing where it has another name."""
    return "" if PurePosixPath(item.path).parent.name == item.concept else item.concept


def _sized(told: DatasetReport) -> Iterator[tuple[DatasetItem, tuple[int, int]]]:
    """The pictures that can be read, and the sizes at which they are learned."""
    sizes = {path: (each.width, each.height) for each in told.buckets for path in each.paths}
    return ((item, sizes[item.path]) for item in told.items if item.path in sizes)


def _held_back(pictures: Sequence[LearnedPicture], share: float) -> Iterable[LearnedPicture]:
    """The same, with a share of them held back: always the same ones, at least one is learned."""
    if not share or len(pictures) == 1:
        return pictures
    count = min(len(pictures) - 1, max(1, round(share * len(pictures))))
    chosen = set(sorted((each.path for each in pictures), key=_mixed)[:count])
    return (each.model_copy(update={"held_back": each.path in chosen}) for each in pictures)


def _mixed(path: str) -> bytes:
    """What puts pictures into an order that has nothing to do with what they show."""
    return hashlib.blake2b(Path(path).name.encode()).digest()
