"""What the doors need of downloads."""

from collections.abc import Iterator
from typing import Protocol

from backend.schema.controls import WeightsInfo
from backend.schema.downloads import DownloadRequest
from backend.schema.events import Event
from backend.schema.hubs import HubName
from backend.schema.jobs import Actor, JobView


class Downloads(Protocol):
    """Getting models from the hubs."""

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
        """Download a file of a model."""
        ...

    def get(self, actor: Actor, text: str, *, even_pickles: bool = False) -> JobView:
        """Download what a link, AIR identifier or repository's name points at."""
        ...

    def pause(self, actor: Actor, job_id: str) -> JobView:
        """Stop a download where it is; this outlives the program."""
        ...

    def resume(self, actor: Actor, job_id: str) -> JobView:
        """Let it go on; one that ended goes on as a new job."""
        ...

    def brought(self, actor: Actor, job_id: str) -> str:
        """The library's id of what a download brought; empty where that is not here."""
        ...


class Downloading(Protocol):
    """A download in the caller's own thread."""

    @property
    def hint(self) -> str:
        """What is left to do afterwards, as a sentence; usually nothing."""
        ...

    def request(
        self, actor: Actor, text: str, file_name: str = "", *, even_pickles: bool = False
    ) -> DownloadRequest:
        """What a link points at."""
        ...

    def weights(self, actor: Actor, wanted: WeightsInfo) -> DownloadRequest:
        """A file that a preprocessor needs."""
        ...

    def run(self, request: DownloadRequest) -> Iterator[Event]:
        """Download it; closed, it keeps what arrived."""
        ...
