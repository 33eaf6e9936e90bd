"""What the doors need of Studio to make datasets."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Protocol

from backend.schema.captioning import CaptionerOffers, CaptionWish
from backend.schema.dataset_views import (
    Chosen,
    ConceptChange,
    DatasetChange,
    DatasetSummary,
    DatasetView,
    FolderSource,
    GallerySource,
    NewDataset,
    OwnPicture,
    Removed,
    TagEdit,
    Taken,
)
from backend.schema.datasets import DatasetReport
from backend.schema.jobs import Actor, JobView


class Datasets(Protocol):
    """Pictures and captions that LoRAs learn from."""

    def all(self, actor: Actor) -> tuple[DatasetSummary, ...]:
        """The datasets by their names."""
        ...

    def create(self, actor: Actor, wanted: NewDataset) -> DatasetView:
        """Make an empty one."""
        ...

    def view(self, actor: Actor, dataset: str) -> DatasetView:
        """All of one."""
        ...

    def change(self, actor: Actor, dataset: str, change: DatasetChange) -> DatasetView:
        """Give it another name or trigger word."""
        ...

    def delete(self, actor: Actor, dataset: str) -> Removed:
        """Take a whole one away."""
        ...

    def add(
        self, actor: Actor, dataset: str, content: IO[bytes], name: str, concept: str = ""
    ) -> OwnPicture:
        """Take in a picture."""
        ...

    def add_zip(self, actor: Actor, dataset: str, content: IO[bytes]) -> Taken:
        """Take in the pictures and captions of a zip."""
        ...

    def add_folder(self, actor: Actor, dataset: str, source: FolderSource) -> Taken:
        """Take in the pictures and captions of a folder of this machine."""
        ...

    def add_pictures(self, actor: Actor, dataset: str, source: GallerySource) -> Taken:
        """Take in pictures of the gallery."""
        ...

    def file(self, actor: Actor, dataset: str, path: str) -> Path:
        """The file of a picture."""
        ...

    def thumbnail(self, actor: Actor, dataset: str, path: str) -> Path:
        """The file of a picture's small version."""
        ...

    def write(self, actor: Actor, dataset: str, captions: Mapping[str, str]) -> None:
        """Put captions beside their pictures."""
        ...

    def edit(self, actor: Actor, dataset: str, edit: TagEdit) -> DatasetView:
        """Change many captions alike."""
        ...

    def remove(self, actor: Actor, dataset: str, paths: Iterable[str]) -> Removed:
        """Take pictures away."""
        ...

    def restore(self, actor: Actor, dataset: str, token: str) -> DatasetView:
        """Bring back what was taken away."""
        ...

    def move(self, actor: Actor, dataset: str, chosen: Chosen) -> DatasetView:
        """Put pictures into a concept's folder."""
        ...

    def put_concept(self, actor: Actor, dataset: str, wanted: ConceptChange) -> DatasetView:
        """Make a concept, or change one."""
        ...

    def drop_concept(self, actor: Actor, dataset: str, folder: str) -> DatasetView:
        """Put the pictures of a concept to those without one."""
        ...

    def check(self, actor: Actor, dataset: str, resolution: int) -> DatasetReport:
        """What is wrong with pictures and captions."""
        ...


class Captioning(Protocol):
    """Captions that a model writes."""

    def offers(self, actor: Actor) -> CaptionerOffers:
        """The models that can, or how to get one."""
        ...

    def fetch(self, actor: Actor, captioner: str) -> tuple[JobView, ...]:
        """Download a model that can, each of its files as a job."""
        ...

    def submit(self, actor: Actor, dataset: str, wish: CaptionWish) -> JobView:
        """Queue the captions of a dataset."""
        ...
