"""All pictures: the index, and what is in memory because a disk refused it."""

import io
import logging
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backend.gallery.brought import BroughtPictures
from backend.gallery.index import GalleryIndex
from backend.metadata.own import read_metadata
from backend.metadata.sidecar import sidecar_content, sidecar_of, wants_sidecar
from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError
from backend.schema.jobs import OWNER, PictureView

LOG = logging.getLogger(__name__)

_REFUSALS = (sqlite3.DatabaseError, OSError)


@dataclass(frozen=True)
class _Held:
    picture: PictureView
    png: bytes


class Shelf:
    """Where every picture is found; satisfies `backend.jobs.ports.PictureKeeper`.

    A full disk costs nothing: whole pictures and rows of the index wait in memory until it takes
    them. Safe to use from several threads.
    """

    def __init__(
        self,
        index: Path,
        outputs: Path,
        known: Iterable[PictureView] = (),
        brought: BroughtPictures | None = None,
    ) -> None:
        """Open the shelf.

        Args:
            index: The index's file, made when it is not there.
            outputs: The folder of the pictures.
            known: What belongs into an index that had to be made anew.
            brought: The pictures of other programs, which are shown among Easel's own.
        """
        self._path = index
        self._outputs = outputs
        self._known = known
        self._brought = brought
        self._lock = threading.RLock()
        self._index: GalleryIndex | None = None
        self._held: dict[str, _Held] = {}
        self._unindexed: dict[str, PictureView] = {}
        self._trouble = ""
        self.retry()

    @property
    def trouble(self) -> str:
        """Why the index cannot be written, as a sentence; empty while all is well."""
        return self._trouble

    def add(self, picture: PictureView) -> None:
        """Put a picture that is on disk into the index, in place of what its id stood for."""
        with self._lock:
            self._unindexed[picture.id] = picture
            self.retry()

    def retry(self) -> None:
        """Try again to write the rows that the index could not take."""
        with self._lock:
            try:
                index = self._opened()
                for picture in list(self._unindexed.values()):
                    index.add(picture)
                    del self._unindexed[picture.id]
            except _REFUSALS as error:
                if not self._trouble:
                    LOG.warning("gallery.refused path=%s error=%s", self._path, error)
                self._trouble = (
                    f"The gallery's index cannot be written ({error}). The pictures are on disk; "
                    "their entries are kept in memory: free some space before you end Easel."
                )
            else:
                self._trouble = ""

    def keep(self, picture: PictureView, png: bytes) -> None:
        """Hold a picture in memory because the disk refused it."""
        with self._lock:
            self._held[picture.id] = _Held(picture, png)

    def unsaved(self) -> tuple[PictureView, ...]:
        """The pictures that are in memory only."""
        with self._lock:
            return tuple(held.picture for held in self._held.values())

    def png(self, picture_id: str) -> bytes | None:
        """The whole file of a picture that is in memory only; None where it is not."""
        held = self._held.get(picture_id)
        return None if held is None else held.png

    def save(self, picture_id: str) -> PictureView | None:
        """Write a held picture to the disk; None where it is not held any more.

        Raises:
            OutputError: When the disk still refuses it.
        """
        with self._lock:
            held = self._held.get(picture_id)
            if held is None:
                return None
            path = self._outputs / held.picture.path
            write_atomically(path, held.png)
            own = read_metadata(io.BytesIO(held.png))
            if own is not None and wants_sidecar(own):
                write_atomically(sidecar_of(path), sidecar_content(own))
            saved = held.picture.model_copy(update={"saved": True})
            self.add(saved)
            del self._held[picture_id]
            return saved

    def has_loose_ends(self, job: str) -> bool:
        """Whether a picture of the job, or its row in the index, is in memory only."""
        with self._lock:
            loose = [*self.unsaved(), *self._unindexed.values()]
            return any(picture.job == job for picture in loose)

    def get(self, picture_id: str) -> PictureView | None:
        """The picture of this id; None where there is none."""
        with self._lock:
            if (held := self._held.get(picture_id)) is not None:
                return held.picture
            unindexed = self._unindexed.get(picture_id)
            own = unindexed or (self._index.get(picture_id) if self._index else None)
            return own or (self._brought.get(picture_id) if self._brought else None)

    def newest(
        self, owner: str | None, limit: int, before: float | None = None
    ) -> tuple[PictureView, ...]:
        """Up to `limit` pictures, newest first; see `GalleryIndex.newest`."""
        with self._lock:
            indexed = self._index.newest(owner, limit, before) if self._index else ()
            theirs = self._brought if owner in (None, OWNER.id) else None
            brought = theirs.newest(limit, before) if theirs else ()
            found = {view.id: view for view in (*indexed, *brought)}
            for view in (*self._unindexed.values(), *self.unsaved()):
                mine = owner is None or view.owner == owner
                if mine and (before is None or view.created < before):
                    found[view.id] = view
        ordered = sorted(found.values(), key=lambda view: (-view.created, -view.index, view.id))
        return tuple(ordered[:limit])

    def remove(self, picture_id: str) -> None:
        """Take a picture out of the index and the memory; its file is left alone.

        Raises:
            OutputError: When the index cannot be written.
        """
        with self._lock:
            try:
                self._opened().remove(picture_id)
            except _REFUSALS as error:
                raise OutputError(
                    f"The gallery's index cannot be written ({error}).", "Free some space."
                ) from error
            self._held.pop(picture_id, None)
            self._unindexed.pop(picture_id, None)

    def hide(self, picture: PictureView) -> None:
        """Show a brought picture no more; its file is left alone.

        Raises:
            OutputError: When the index cannot be written.
        """
        try:
            if self._brought is not None:
                self._brought.hide(picture.id)
        except _REFUSALS as error:
            raise OutputError(
                f"The index of brought pictures cannot be written ({error}).", "Free some space."
            ) from error

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None

    def _opened(self) -> GalleryIndex:
        if self._index is None:
            index = self._index = GalleryIndex(self._path)
            if index.is_new:
                missing = {picture.id: picture for picture in self._known}
                self._unindexed = missing | self._unindexed
        return self._index
