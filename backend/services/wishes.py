"""What a person wants drawn with a model once its download is done; kept over restarts."""

import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, cast

from backend.jobs.ports import HostJob
from backend.library.library import Library
from backend.memory.kept import KeptInFile
from backend.schema.base import Frozen
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import EaselError, EngineLostError, ModelMissingError
from backend.schema.events import Event, Finished, Warned
from backend.schema.generation import GenerationRequest
from backend.schema.hubs import HubName
from backend.schema.jobs import Actor, Job, JobView, Role
from backend.schema.model_settings import ModelSettings
from backend.schema.picture_settings import PromptSettings
from backend.services.well_known import find_file

LOG = logging.getLogger(__name__)


class Wish(Frozen):
    """A prompt that waits for a model."""

    hub: HubName
    repository: str
    file: str
    prompt: PromptSettings

    def waits_for(self, request: DownloadRequest) -> bool:
        """Whether this download brings the model."""
        wanted = (self.hub, self.repository, self.file)
        return wanted == (request.hub, request.model, request.file.name)


class _Kept(KeptInFile):
    """What the file holds."""

    wishes: tuple[Wish, ...] = ()


class WishBook:
    """Keeps one wish for each model. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Remember in the file at `path`, made with the first wish."""
        self._path = path
        self._lock = threading.RLock()
        self._wishes = _Kept.read(path).wishes

    @contextmanager
    def held(self) -> Generator[None]:
        """Keep `take` waiting, so that no download ends before its wish is put."""
        with self._lock:
            yield

    def put(self, wish: Wish) -> None:
        """Keep a wish in place of an earlier one for the same model."""
        with self._lock:
            same = (wish.hub, wish.repository, wish.file)
            rest = (one for one in self._wishes if (one.hub, one.repository, one.file) != same)
            self._keep((*rest, wish))

    def take(self, request: DownloadRequest) -> Wish | None:
        """The wish that waits for a download; it is kept no more, so that it is met once."""
        with self._lock:
            found = next((one for one in self._wishes if one.waits_for(request)), None)
            if found is not None:
                self._keep(tuple(one for one in self._wishes if one != found))
            return found

    def _keep(self, wishes: tuple[Wish, ...]) -> None:
        self._wishes = wishes
        try:
            _Kept(wishes=wishes).write(self._path)
        except OSError as error:  # it is still known while the program lives
            LOG.warning("wish.unremembered path=%s error=%s", self._path, error)


class Generation(Protocol):
    """What draws; `backend.services.generation.Generation` does."""

    def submit(self, actor: Actor, request: GenerationRequest) -> JobView:
        """Queue a request."""
        ...


class ThenDraw:
    """Downloads after which what somebody wished for is drawn; satisfies `HostJob`.

    It happens before the download counts as done: a program that dies before that goes on with
    the download, and with the wish.
    """

    def __init__(
        self, downloads: HostJob, wishes: WishBook, library: Library, generation: Generation
    ) -> None:
        self._downloads = downloads
        self._wishes = wishes
        self._library = library
        self._generation = generation

    def run(self, job: Job) -> Iterator[Event]:
        """Download, then draw."""
        with closing(cast("Generator[Event]", self._downloads.run(job))) as events:
            for event in events:
                if isinstance(event, Finished):
                    yield from self._met(job)
                yield event

    def discard(self, job: Job) -> None:
        """Forget the download, and what was to be drawn."""
        self._wishes.take(job.download)
        self._downloads.discard(job)

    def _met(self, job: Job) -> Iterator[Event]:
        wish = self._wishes.take(job.download)
        if wish is None:
            return
        actor = Actor(id=job.owner, role=Role.OWNER)  # who else could have downloaded it
        try:
            model = ModelSettings(checkpoint=self._arrived(job.download))
            self._generation.submit(actor, GenerationRequest(prompt=wish.prompt, model=model))
        except EngineLostError:  # the program is ending: the download goes on with the next one
            self._wishes.put(wish)
        except EaselError as error:
            yield Warned(sentence=f"Nothing was drawn with it: {error}")

    def _arrived(self, request: DownloadRequest) -> str:
        """The id of the checkpoint that a download brought.

        Raises:
            ModelMissingError: When the library does not know it.
        """
        file = request.file
        found = find_file(self._library.entries(), file.name, file.bytes, file.sha256)
        if found is None:
            raise ModelMissingError(
                f"“{file.name}” is not in the library.", "Rescan, then choose it."
            )
        return found.id
