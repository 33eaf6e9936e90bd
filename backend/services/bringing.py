"""Taking installations of other programs into use."""

import secrets
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from backend.gallery.brought import BroughtPictures
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.brought import BroughtBook
from backend.library.library import Library
from backend.locks import HeldLock
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.bringing import BringRequest, Brought, BroughtFolder, Style, Wildcard
from backend.schema.catalogue import Catalogue
from backend.schema.errors import EngineLostError
from backend.schema.events import Event
from backend.schema.jobs import OWNER, Actor, Job, JobState, PictureRemoved
from backend.services.bringing_pictures import KIND, PictureBringer
from backend.services.installations import Installations
from backend.services.owner import only_the_owner

_MAY = "bring installations of other programs"
_MAY_FORGET = "let go of installations of other programs"
_RESCAN = "The page that is open shows the models after a rescan."


def brought_pictures(places: Places) -> BroughtPictures:
    """The index of the pictures of installations."""
    return BroughtPictures(places.data / "brought-pictures.sqlite3")


def picture_bringer(
    places: Places, pictures: BroughtPictures, catalogue: Catalogue
) -> PictureBringer:
    """What puts pictures into the gallery of a data folder."""
    book = BroughtBook(places.data / "brought.json")
    return PictureBringer(book, pictures, places.data / "thumbnails", catalogue)


class Bringing:
    """Takes installations into use and lets them go: the owner alone. All may use their words."""

    def __init__(
        self, library: Library, bringer: PictureBringer, host_jobs: HostJobs, board: Board
    ) -> None:
        self._installations = Installations(library, bringer.book)
        self._bringer = bringer
        self._host_jobs = host_jobs
        self._board = board
        self._lock = threading.Lock()

    def look_again(self) -> None:
        """Begin a job for each installation that has new pictures; returns at once."""
        threading.Thread(target=self._look, name="pictures of others", daemon=True).start()

    def bring(self, actor: Actor, path: str) -> Brought:
        """Use the models, styles, wildcards and pictures of an installation where they lie.

        It takes as long as a rescan of the models; pictures come into the gallery by a job. One
        that is in use already is looked through again.

        Args:
            actor: Who asks.
            path: Its folder, or the folder that its folder lies in alone.

        Raises:
            NotAllowedError: When a guest asks.
            RequestError: When there is no such folder, or it is no installation.
            OutputError: When this cannot be remembered.
        """
        only_the_owner(actor, _MAY)
        with self._lock:
            brought = self._installations.bring(path)
            job = ""
            if brought.pictures or self._bringer.pictures.known(brought.path):
                job = self._under_way(brought.path) or self._begun(brought.path, brought.label)
        return brought.model_copy(update={"job": job})

    def all(self, actor: Actor) -> tuple[BroughtFolder, ...]:
        """The installations in use.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "see the installations of other programs")
        return self._installations.all()

    def forget(self, actor: Actor, path: str) -> None:
        """Use an installation no more; nothing in it is changed.

        Args:
            actor: Who asks.
            path: Its folder, or its label.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When it is not in use.
            OutputError: When this cannot be remembered.
        """
        only_the_owner(actor, _MAY_FORGET)
        with self._lock:
            one = self._installations.find(path)
            job = self._under_way(one.path)
            if job:
                self._host_jobs.cancel(job)
            gone = self._bringer.forget(one.path)
            self._installations.let_go(one)
        with self._board.lock:
            for picture in gone:
                self._board.feed.publish(PictureRemoved(picture=picture), actor.id)

    def styles(self, actor: Actor) -> tuple[Style, ...]:  # noqa: ARG002
        """The styles of all installations."""
        return self._installations.styles()

    def wildcards(self, actor: Actor) -> tuple[Wildcard, ...]:  # noqa: ARG002
        """The wildcards of all installations."""
        return self._installations.wildcards()

    def _under_way(self, path: str) -> str:
        """The job that looks for the pictures of an installation now; empty where none does."""
        jobs = (record.job for record in self._board.waiting(on_host=True))
        return next((job.id for job in jobs if job.kind == KIND and job.bringing.path == path), "")

    def _look(self) -> None:
        for one in self._installations.book.all():
            news = self._bringer.has_news(one.path, one.label)
            with self._lock, suppress(EngineLostError):
                if news and self._bringer.book.find(one.path) and not self._under_way(one.path):
                    self._begun(one.path, one.label)

    def _begun(self, path: str, label: str) -> str:
        """The job that puts the pictures of an installation into the gallery."""
        request = BringRequest(path=path, label=label)
        job = Job(
            id=secrets.token_hex(6),
            kind=KIND,
            owner=OWNER.id,
            state=JobState.QUEUED,
            request=request.model_dump(mode="json"),
            created=time.time(),
        )
        return self._host_jobs.submit(job).job.id


@contextmanager
def open_bringing(places: Places) -> Generator["BringingHere"]:
    """Open what brings, without jobs, for the command line; the page may run at the same time."""
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    pictures = brought_pictures(places)
    try:
        bringer = picture_bringer(places, pictures, catalogue)
        in_use = HeldLock(places.data / "easel.lock").holder
        yield BringingHere(Installations(library, bringer.book), bringer, _RESCAN if in_use else "")
    finally:
        pictures.close()
        library.close()


@dataclass(frozen=True)
class BringingHere:
    """Brings in the caller's own thread; satisfies `backend.api.bringing_verbs.BringingHere`."""

    installations: Installations
    bringer: PictureBringer
    hint: str
    """What is left to do afterwards, as a sentence; usually nothing."""

    def bring(self, actor: Actor, path: str) -> Brought:
        """Use the models, styles and wildcards of an installation where they lie.

        Raises:
            NotAllowedError: When a guest asks.
            RequestError: When there is no such folder, or it is no installation.
            OutputError: When this cannot be remembered.
        """
        only_the_owner(actor, _MAY)
        return self.installations.bring(path)

    def forget(self, actor: Actor, path: str) -> None:
        """Use an installation no more; nothing in it is changed.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When it is not in use.
            OutputError: When this cannot be remembered.
        """
        only_the_owner(actor, _MAY_FORGET)
        one = self.installations.find(path)
        self.bringer.forget(one.path)
        self.installations.let_go(one)

    def pictures(self, actor: Actor, brought: Brought) -> Iterator[Event]:
        """Put its pictures into the gallery; closed, it keeps what it found.

        Raises:
            NotAllowedError: When a guest asks.
            OutputError: When the disk does not let us.
        """
        only_the_owner(actor, _MAY)
        return self.bringer.bring(BringRequest(path=brought.path, label=brought.label))
