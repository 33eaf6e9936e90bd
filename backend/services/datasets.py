"""Datasets that are made in Easel: pictures and captions that LoRAs learn from."""

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from backend.dataset.buckets import Grid
from backend.dataset.filling import Filling
from backend.dataset.glances import Glances
from backend.dataset.names import free_name, slug
from backend.dataset.own import About, OwnDataset, pictures_in
from backend.dataset.own_view import items_of, version_of, view_of
from backend.dataset.report import report
from backend.dataset.tag_edits import edited
from backend.dataset.unpacking import unpack
from backend.gallery.thumbnails import make_thumbnail, thumbnail_of
from backend.places import Places
from backend.prompts.tags import take_tags
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
from backend.schema.errors import EaselError, NotFoundError, OutputError
from backend.schema.jobs import Actor
from backend.services.gallery import Gallery
from backend.services.owner import only_the_owner

_KEPT_SECONDS = 30 * 24 * 3600
"""How long what was taken away can be brought back."""


class Datasets:
    """Makes datasets, fills them, and changes what they say; all of it is the owner's."""

    def __init__(self, places: Places, gallery: Gallery) -> None:
        """Keep them below the data folder."""
        self._home = places.data / "datasets"
        self._bin = places.data / "removed-pictures"
        self._small = places.data / "thumbnails"
        self._gallery = gallery
        self._glances = Glances()
        self._lock = threading.RLock()

    def all(self, actor: Actor) -> tuple[DatasetSummary, ...]:
        """The datasets by their names.

        Raises:
            NotAllowedError: When a guest asks.
        """
        _only_the_owner(actor)
        there = self._home.iterdir() if self._home.is_dir() else ()
        found = (
            DatasetSummary(id=each.name, name=own.about.name, pictures=len(pictures_in(each)))
            for each in there
            if each.is_dir() and each.name == slug(each.name) and (own := self._own(each.name))
        )
        return tuple(sorted(found, key=lambda each: each.name.casefold()))

    def create(self, actor: Actor, wanted: NewDataset) -> DatasetView:
        """Make an empty one.

        Raises:
            NotAllowedError: When a guest asks.
            OutputError: When the disk does not let us.
        """
        _only_the_owner(actor)
        with self._lock:
            taken = {each.name for each in self._home.iterdir()} if self._home.is_dir() else set()
            made = self._own(free_name(slug(wanted.name), taken))
            made.describe(About(name=wanted.name.strip() or "Pictures"))
        return view_of(made)

    def view(self, actor: Actor, dataset: str) -> DatasetView:
        """All of one.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
        """
        return view_of(self._of(actor, dataset))

    def change(self, actor: Actor, dataset: str, change: DatasetChange) -> DatasetView:
        """Give it another name or trigger word; see `view`.

        Raises:
            OutputError: When the disk does not let us.
        """
        with self._changing(actor, dataset) as own:
            given = change.model_dump(exclude_none=True)
            plain = {key: " ".join(text.split()) for key, text in given.items()}
            own.describe(own.about.model_copy(update=plain))
        return view_of(own)

    def delete(self, actor: Actor, dataset: str) -> Removed:
        """Take a whole one away; it can be brought back for a month.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is none.
            OutputError: When the disk does not let us.
        """
        with self._changing(actor, dataset) as own:
            self._sweep(own)
            count = len(pictures_in(own.folder))
            return Removed(token=own.remove_all(), pictures=count)

    def add(
        self, actor: Actor, dataset: str, content: IO[bytes], name: str, concept: str = ""
    ) -> OwnPicture:
        """Take in a picture.

        Args:
            actor: Who hands it in.
            dataset: The id of the dataset.
            content: The bytes of its file, in any format that Easel opens.
            name: What the file is called.
            concept: The folder that it goes to.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such dataset or concept.
            RequestError: When it is no whole picture, or there already.
            OutputError: When it cannot be written.
        """
        with self._changing(actor, dataset) as own:
            file = Filling(own).take(content, name, concept)
            path = file.relative_to(own.folder).as_posix()
        return next(each for each in view_of(own).pictures if each.path == path)

    def add_zip(self, actor: Actor, dataset: str, content: IO[bytes]) -> Taken:
        """Take in the pictures and captions of a zip; see `add`."""
        own = self._of(actor, dataset)
        with self._room() as room:
            unpacked = unpack(content, room)
            with self._lock:
                return _taken(own, unpacked.folder, unpacked.left_out)

    def add_folder(self, actor: Actor, dataset: str, source: FolderSource) -> Taken:
        """Take in the pictures and captions of a folder of this machine; see `add`."""
        with self._changing(actor, dataset) as own:
            return _taken(own, Path(source.path.strip()).expanduser().absolute(), ())

    def add_pictures(self, actor: Actor, dataset: str, source: GallerySource) -> Taken:
        """Take in pictures of the gallery, with their prompts as captions; see `add`."""
        left_out: list[str] = []
        with self._changing(actor, dataset) as own:
            filling = Filling(own)
            for each in source.pictures:
                try:
                    file = self._gallery.file(actor, each)
                    words = take_tags(self._gallery.picture(actor, each).prompt)[0]
                    filling.put(file, file.name, source.concept, words)
                except (EaselError, OSError) as error:
                    left_out.append(getattr(error, "sentence", f"{each} cannot be put there."))
        return Taken(added=len(source.pictures) - len(left_out), left_out=tuple(left_out))

    def file(self, actor: Actor, dataset: str, path: str) -> Path:
        """The file of a picture.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such dataset or picture.
        """
        return self._of(actor, dataset).picture(path)

    def thumbnail(self, actor: Actor, dataset: str, path: str) -> Path:
        """The file of a picture's small version, made on first need; see `file`.

        Raises:
            OutputError: When it cannot be written.
        """
        whole = self.file(actor, dataset, path)
        name = hashlib.sha256(f"{whole}\n{version_of(whole)}".encode()).hexdigest()[:24]
        small = thumbnail_of(self._small, name)
        if not small.is_file():
            make_thumbnail(whole, small)
        return small

    def write(self, actor: Actor, dataset: str, captions: Mapping[str, str]) -> None:
        """Put captions beside their pictures.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such dataset or picture.
            OutputError: When the disk does not let us.
        """
        with self._changing(actor, dataset) as own:
            for path, text in captions.items():
                own.write_caption(path, text)

    def edit(self, actor: Actor, dataset: str, edit: TagEdit) -> DatasetView:
        """Change many captions alike; see `write`."""
        with self._changing(actor, dataset) as own:
            for item in items_of(own):
                new = edited(item.caption, edit)
                if new != item.caption and (not edit.paths or item.path in edit.paths):
                    own.write_caption(item.path, new)
        return view_of(own)

    def remove(self, actor: Actor, dataset: str, paths: Iterable[str]) -> Removed:
        """Take pictures away; they can be brought back for a month; see `write`."""
        with self._changing(actor, dataset) as own:
            self._sweep(own)
            chosen = tuple(paths)
            return Removed(token=own.remove(chosen), pictures=len(chosen))

    def restore(self, actor: Actor, dataset: str, token: str) -> DatasetView:
        """Bring back what was taken away; see `write`."""
        _only_the_owner(actor)
        own = self._own(dataset)
        with self._lock:
            own.restore(token)
        return view_of(own)

    def move(self, actor: Actor, dataset: str, chosen: Chosen) -> DatasetView:
        """Put pictures into a concept's folder; see `write`."""
        with self._changing(actor, dataset) as own:
            own.move(chosen.paths, chosen.concept)
        return view_of(own)

    def put_concept(self, actor: Actor, dataset: str, wanted: ConceptChange) -> DatasetView:
        """Make a concept, or change one; see `write`.

        Raises:
            RequestError: When another one has its name.
        """
        with self._changing(actor, dataset) as own:
            own.put_concept(wanted.folder, wanted.name, wanted.trigger, wanted.repeats)
        return view_of(own)

    def drop_concept(self, actor: Actor, dataset: str, folder: str) -> DatasetView:
        """Put the pictures of a concept to those without one; see `write`."""
        with self._changing(actor, dataset) as own:
            own.drop_concept(folder)
        return view_of(own)

    def check(self, actor: Actor, dataset: str, resolution: int) -> DatasetReport:
        """What is wrong with the pictures and captions, and the sizes at which they are learned.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such dataset, or no picture in it.
        """
        own = self._of(actor, dataset)
        told = report(own.folder, own.about.trigger, Grid.of(resolution), self._glances.look)
        # a training puts the trigger in front of each caption itself
        found = tuple(each for each in told.findings if each.code != "no trigger")
        return told.model_copy(update={"findings": found})

    def _own(self, dataset: str) -> OwnDataset:
        """The folder of a dataset, whether it is there or not.

        Raises:
            NotFoundError: When no dataset has such an id.
        """
        if dataset != slug(dataset):
            raise NotFoundError("There is no such dataset.", "Choose another one.")
        return OwnDataset(self._home / dataset, self._bin / dataset)

    def _of(self, actor: Actor, dataset: str) -> OwnDataset:
        _only_the_owner(actor)
        own = self._own(dataset)
        if not own.folder.is_dir():
            raise NotFoundError("There is no such dataset any more.", "Choose another one.")
        return own

    @contextmanager
    def _changing(self, actor: Actor, dataset: str) -> Generator[OwnDataset]:
        """One change after the other."""
        with self._lock:
            yield self._of(actor, dataset)

    @contextmanager
    def _room(self) -> Generator[Path]:
        """An empty folder on the disk of the datasets, which is gone afterwards."""
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            room = tempfile.TemporaryDirectory(
                dir=self._home, prefix=".", ignore_cleanup_errors=True
            )
        except OSError as error:
            raise OutputError(
                f"The zip cannot be unpacked in {self._home}: {error.strerror}.",
                "Look at the room on that disk, and at the folder's rights.",
            ) from error
        with room as path:
            yield Path(path)

    def _sweep(self, own: OwnDataset) -> None:
        """Let go of what was taken away long ago."""
        oldest = time.time() - _KEPT_SECONDS
        for each in own.bin.glob("*"):
            with suppress(OSError):
                if each.stat().st_ctime < oldest:
                    shutil.rmtree(each)


def _only_the_owner(actor: Actor) -> None:
    only_the_owner(actor, "work on datasets", "Ask the owner for it.")


def _taken(own: OwnDataset, folder: Path, left_out: Iterable[str]) -> Taken:
    """Take in all that is in a folder."""
    tried = list(Filling(own).take_folder(folder))
    reasons = (reason for file, reason in tried if file is None)
    return Taken(added=sum(file is not None for file, _ in tried), left_out=(*left_out, *reasons))
