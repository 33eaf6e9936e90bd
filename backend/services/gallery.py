"""Pictures that were made."""

import io
from pathlib import Path

from backend.gallery.thumbnails import make_thumbnail, thumbnail_of
from backend.jobs.board import Board
from backend.metadata.catalogue import load_catalogue
from backend.metadata.own import read_metadata
from backend.metadata.reading import read_picture
from backend.metadata.sidecar import sidecar_of
from backend.places import Places
from backend.schema.errors import NotFoundError, OutputError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, PictureRemoved, PictureView, Role
from backend.services.shelf import Shelf


class Gallery:
    """Shows and deletes pictures; a picture that is somebody else's is as good as not there."""

    def __init__(self, board: Board, shelf: Shelf, places: Places) -> None:
        self._board = board
        self._shelf = shelf
        self._places = places

    def newest(
        self, actor: Actor, limit: int = 60, before: float | None = None
    ) -> tuple[PictureView, ...]:
        """Pictures, newest first; `before` is the time of the last one on the page before."""
        owner = None if actor.role is Role.OWNER else actor.id
        return self._shelf.newest(owner, limit, before)

    def picture(self, actor: Actor, picture_id: str) -> PictureView:
        """One picture.

        Raises:
            NotFoundError: When there is none, or it is somebody else's.
        """
        picture = self._shelf.get(picture_id)
        if picture is None or not actor.may_see(picture.owner):
            raise NotFoundError("There is no such picture.", "It may have been deleted.")
        return picture

    def file(self, actor: Actor, picture_id: str) -> Path:
        """Its file.

        Raises:
            NotFoundError: When there is none, or it is not on disk.
        """
        picture = self.picture(actor, picture_id)
        path = self._places.outputs / picture.path
        if not picture.saved:
            raise NotFoundError(
                f"{path.name} is not on disk yet.", "Download it, or free space and resume."
            )
        if not path.is_file():
            place = f"in {path.parent}" if picture.brought else "in the outputs folder"
            raise NotFoundError(
                f"{path.name} is not {place} any more.",
                "Put it back, or delete it from the gallery.",
            )
        return path

    def thumbnail(self, actor: Actor, picture_id: str) -> Path:
        """The file of its small version, made on first need.

        Where that cannot be written, it is the picture itself.

        Raises:
            NotFoundError: When there is no such picture, or its file is gone.
            OutputError: When neither the picture nor its small version can be written.
        """
        picture = self.picture(actor, picture_id)
        small = self._small(picture)
        if small.is_file():
            return small
        png = self._shelf.png(picture_id)
        if png is not None:
            make_thumbnail(io.BytesIO(png), small)
            return small
        whole = self.file(actor, picture_id)
        try:
            make_thumbnail(whole, small)
        except OutputError:
            return whole
        return small

    def unsaved_bytes(self, actor: Actor, picture_id: str) -> bytes:
        """The file of a picture that the disk refused.

        Raises:
            NotFoundError: When there is none, or it is on disk.
        """
        picture = self.picture(actor, picture_id)
        png = self._shelf.png(picture_id)
        if png is not None:
            return png
        return self._whole(actor, picture)

    def request_of(self, actor: Actor, picture_id: str) -> GenerationRequest:
        """The request that makes it again, as its own file tells it.

        Raises:
            NotFoundError: When there is no such picture, or nothing is known of how it was made.
        """
        picture = self.picture(actor, picture_id)
        png = self._shelf.png(picture_id)
        source = io.BytesIO(png) if png is not None else self._places.outputs / picture.path
        metadata = read_metadata(source)
        if metadata is not None:
            return metadata.request.as_request(metadata.index)
        if picture.brought:
            return self._told_by(self.file(actor, picture_id))
        job = self._board.get(picture.job).job
        if job.kind == "series" and picture.index < job.series.axes.cells:
            return job.series.cell(picture.index).as_request()
        if job.kind != "generate":
            return self._told_by(self.file(actor, picture_id))
        return job.generation.as_request(picture.index)

    def delete(self, actor: Actor, picture_id: str) -> None:
        """Remove a picture: its file, its small version and its place in the gallery.

        The file of a brought picture stays where it is; it is shown no more, and does not come back
        when its folder is looked through again.

        Raises:
            NotFoundError: When there is no such picture.
            OutputError: When its file cannot be removed; then all stays as it is.
        """
        picture = self.picture(actor, picture_id)
        path = self._places.outputs / picture.path
        try:
            if picture.saved and not picture.brought:
                path.unlink(missing_ok=True)
                sidecar_of(path).unlink(missing_ok=True)
            self._small(picture).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path.name} cannot be deleted: {error.strerror}.",
                "Look at the rights of the outputs folder.",
            ) from error
        if picture.brought:
            self._shelf.hide(picture)
            with self._board.lock:
                removed = PictureRemoved(picture=picture_id)
                self._board.feed.publish(removed, picture.owner)
            return
        self._shelf.remove(picture_id)
        self._board.remove_picture(picture)

    def _told_by(self, file: Path) -> GenerationRequest:
        """The request that another program's picture describes.

        Raises:
            NotFoundError: When it tells nothing.
        """
        try:
            reading = read_picture(file, load_catalogue())
        except OSError as error:
            raise NotFoundError(f"{file.name} cannot be read: {error.strerror}.") from error
        if reading is None:
            raise NotFoundError(
                f"{file.name} does not tell how it was made.",
                "Its program was told not to write that, or it was saved by another one since.",
            )
        return reading.request

    def _whole(self, actor: Actor, picture: PictureView) -> bytes:
        """A picture that was saved since somebody saw that it was not."""
        return self.file(actor, picture.id).read_bytes()

    def _small(self, picture: PictureView) -> Path:
        return thumbnail_of(self._places.data / "thumbnails", picture.id)
