"""Getting models from the hubs."""

import secrets
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.downloads.downloader import Downloader
from backend.downloads.names import safe_name
from backend.downloads.ports import Network
from backend.downloads.transfer import Means
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.identify.identify import identify_file
from backend.library.library import Library
from backend.library.sniffing import not_a_model
from backend.locks import HeldLock
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.captioning import CaptionerOffer
from backend.schema.controls import WeightsInfo
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import ModelError, NotFoundError
from backend.schema.events import Event
from backend.schema.hubs import HubFile, HubName
from backend.schema.jobs import Actor, Job, JobState, JobView
from backend.schema.models import ModelFile
from backend.services.download_requests import Asking
from backend.services.hubs import open_hubs
from backend.services.owner import only_the_owner

KIND = "download"
_RESCAN = "The page that is open shows it after a rescan of the models."


class LibraryModels:
    """What the library knows; satisfies `backend.downloads.ports.Models`."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._new: dict[str, Path] = {}
        """What was downloaded since the program began, until the library has hashed it itself."""

    def refusal(self, name: str, head: bytes) -> ModelError:
        """Why a file that is neither safetensors nor GGUF is none, by its first bytes."""
        return not_a_model(Path(name), head)

    def identify(self, path: Path) -> ModelFile:
        """What a safetensors or GGUF file is, by its header.

        Raises:
            ModelError: When it is damaged.
        """
        return identify_file(path)

    def with_hash(self, sha256: str) -> Path | None:
        """A model that is here already; None where no hash that is known by now is this one."""
        hashed = {one.hashes.sha256: one for one in self._library.entries() if one.hashes}
        known = hashed.get(sha256.lower())
        path = Path(known.path) if known else self._new.get(sha256.lower())
        return path if path is not None and path.exists() else None

    def arrived(self, path: Path, sha256: str) -> None:
        """Take note of a new file."""
        self._new[sha256.lower()] = path
        self._library.rescan()


class DownloadJobs:
    """Downloads as jobs; satisfies `backend.jobs.ports.HostJob`."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader = downloader

    def run(self, job: Job) -> Iterator[Event]:
        """Download, or go on with it."""
        return self._downloader.run(job.download)

    def discard(self, job: Job) -> None:
        """Remove what an unfinished download leaves."""
        self._downloader.discard(job.download)


def downloader_for(network: Network, library: Library, places: Places) -> Downloader:
    """What downloads into the models folder of an installation."""
    locks = places.data / "downloads"
    return Downloader(network, LibraryModels(library), places.models, locks, Means())


class Downloads:
    """Downloads models, as jobs beside the engine's queue. Only the owner may.

    `start` and `get` ask the hub first, so they take as long as its answer does.
    """

    def __init__(self, asking: Asking, host_jobs: HostJobs, board: Board, library: Library) -> None:
        self._asking = asking
        self._host_jobs = host_jobs
        self._board = board
        self._library = library

    def start(
        self,
        actor: Actor,
        hub: HubName,
        model_id: str,
        version_id: str = "",
        file_name: str = "",
        *,
        even_pickles: bool = False,
    ) -> JobView:
        """Download a file of a model; the usual one of the newest version where none is named.

        A download of the same file that is under way already is given in its place.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When the model has no such version or file.
            RequestError: When it is nothing that Easel downloads, such as a pickle that nobody
                insists on.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download models")
        wanted = (hub, model_id, version_id)
        return self._submit(
            actor, self._asking.by_name(actor, wanted, file_name, even_pickles=even_pickles)
        )

    def get(self, actor: Actor, text: str, *, even_pickles: bool = False) -> JobView:
        """Download what a link, AIR identifier or repository's name points at.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such file.
            RequestError: When it points at nothing that Easel downloads.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download models")
        return self._submit(actor, self._asking.by_link(actor, text, even_pickles=even_pickles))

    def get_weights(self, actor: Actor, wanted: WeightsInfo) -> JobView:
        """Download a file that a preprocessor needs.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download preprocessors")
        return self._submit(actor, self._asking.of_preprocessor(actor, wanted))

    def get_captioner(
        self, actor: Actor, wanted: CaptionerOffer, place: str
    ) -> tuple[JobView, ...]:
        """Download a model that describes pictures, each of its files as a job.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download captioning models")
        requests = self._asking.of_captioner(actor, wanted, place)
        return tuple(self._submit(actor, each) for each in requests)

    def pause(self, actor: Actor, job_id: str) -> JobView:
        """Stop a download where it is; this outlives the program.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such download.
            RequestError: When it has ended.
        """
        self._download(actor, job_id)
        return self._host_jobs.pause(job_id).view()

    def resume(self, actor: Actor, job_id: str) -> JobView:
        """Let a paused download go on, or try a failed one again with what is there of it.

        One that ended goes on as a new job, which is given.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such download.
        """
        job = self._download(actor, job_id)
        if job.state.ended:
            return self._submit(actor, job.download.model_copy(update={"paused": False}))
        return self._host_jobs.resume(job_id).view()

    def brought(self, actor: Actor, job_id: str) -> str:
        """The library's id of what a download brought; empty where that is not here.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such download.
        """
        job = self._download(actor, job_id)
        if job.state is not JobState.FINISHED:
            return ""
        file, entries = job.download.file, self._library.entries()
        by_hash = [one for one in entries if one.hashes and one.hashes.sha256 == file.sha256]
        by_name = [one for one in entries if Path(one.path).name == _name_of(file)]
        return next((one.id for one in (*by_hash, *by_name)), "")

    def _download(self, actor: Actor, job_id: str) -> Job:
        only_the_owner(actor, "download models")
        job = self._board.get(job_id).job
        if job.kind != KIND:
            raise NotFoundError("That is no download.", "Look at the list of downloads.")
        return job

    def _submit(self, actor: Actor, request: DownloadRequest) -> JobView:
        with self._board.lock:
            for record in self._board.waiting(on_host=True):
                if record.job.kind == KIND and _is_same(record.job.download, request):
                    return self._host_jobs.resume(record.job.id).view()
            job = Job(
                id=secrets.token_hex(6),
                kind=KIND,
                owner=actor.id,
                state=JobState.QUEUED,
                request=request.model_dump(mode="json"),
                created=time.time(),
            )
            return self._host_jobs.submit(job).view()


@contextmanager
def open_downloading(places: Places) -> Generator["Downloading"]:
    """Open downloads without jobs, for the command line; the page may run at the same time."""
    library = Library(places, load_catalogue())
    try:
        with open_hubs(places) as hubs:
            downloader = downloader_for(hubs.network, library, places)
            in_use = HeldLock(places.data / "easel.lock").holder
            yield Downloading(Asking(hubs, places.models), downloader, _RESCAN if in_use else "")
    finally:
        library.close()


@dataclass(frozen=True)
class Downloading:
    """A download in the caller's own thread; satisfies `backend.api.download_verbs.Downloading`."""

    asking: Asking
    downloader: Downloader
    hint: str
    """What is left to do afterwards, as a sentence; usually nothing."""

    def request(
        self, actor: Actor, text: str, file_name: str = "", *, even_pickles: bool = False
    ) -> DownloadRequest:
        """What a link points at.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such file.
            RequestError: When it points at nothing that Easel downloads.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download models")
        return self.asking.by_link(actor, text, file_name, even_pickles=even_pickles)

    def weights(self, actor: Actor, wanted: WeightsInfo) -> DownloadRequest:
        """A file that a preprocessor needs.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download preprocessors")
        return self.asking.of_preprocessor(actor, wanted)

    def run(self, request: DownloadRequest) -> Iterator[Event]:
        """Download it; closed, it keeps what arrived.

        Raises:
            EaselError: With what to do.
        """
        return self.downloader.run(request)


def _name_of(file: HubFile) -> str:
    """What a file is called here, where nothing else was called so before."""
    return file.name if file.format == "other" else safe_name(file.name, file.format)


def _is_same(one: DownloadRequest, other: DownloadRequest) -> bool:
    return (one.hub, one.model, one.version, one.file.address) == (
        other.hub,
        other.model,
        other.version,
        other.file.address,
    )
