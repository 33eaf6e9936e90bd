"""What people see of a dataset that was made in Easel."""

from collections import Counter
from pathlib import Path, PurePosixPath

from backend.dataset.captions import tags_of
from backend.dataset.own import OwnDataset, named, pictures_in
from backend.dataset.scanning import scan
from backend.schema.dataset_views import Concept, DatasetView, OwnPicture
from backend.schema.datasets import DatasetItem


def view_of(own: OwnDataset) -> DatasetView:
    """All of it; only the heads of its pictures are read."""
    about = own.about
    pictures = tuple(_picture(own, item) for item in items_of(own))
    within = Counter(each.concept for each in pictures)
    top = Concept(folder="", name="", trigger=about.trigger, repeats=1, pictures=within.pop("", 0))
    others: list[Concept] = []
    for folder in sorted({*own.concepts(), *within}):
        repeats, name = named(folder)
        others.append(
            Concept(
                folder=folder,
                name=name,
                trigger=about.triggers.get(name, ""),
                repeats=repeats,
                pictures=within[folder],
            )
        )
    tags = Counter(tag for each in pictures for tag in dict.fromkeys(tags_of(each.caption)))
    return DatasetView(
        id=own.folder.name,
        name=about.name,
        folder=str(own.folder),
        trigger=about.trigger,
        concepts=(top, *others),
        pictures=pictures,
        tags=dict(tags.most_common()),
    )


def items_of(own: OwnDataset) -> tuple[DatasetItem, ...]:
    """Its pictures with their captions, as training reads them."""
    return scan(own.folder).items if pictures_in(own.folder) else ()


def version_of(file: Path) -> str:
    """What changes with a file."""
    status = file.stat()
    return f"{status.st_size:x}-{status.st_mtime_ns:x}"


def _picture(own: OwnDataset, item: DatasetItem) -> OwnPicture:
    folder = PurePosixPath(item.path).parent.as_posix()
    return OwnPicture(
        path=item.path,
        caption=item.caption,
        width=item.width,
        height=item.height,
        concept="" if folder == "." else folder,
        version=version_of(own.folder / item.path),
    )
