"""Everything that the page's own process does with the hubs, put together."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from backend.hubs.book import HubBook
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.jobs.ports import HostJob
from backend.library.library import Library
from backend.places import Places
from backend.services import downloads, identifying, updates
from backend.services.download_requests import Asking
from backend.services.hubs import Hubs, open_hubs


@dataclass(frozen=True)
class HubWork:
    """The verbs that ask hubs, and the jobs that do it for them."""

    hubs: Hubs
    host_jobs: HostJobs
    downloads: downloads.Downloads
    identifying: identifying.Identifying
    updates: updates.Updates


@contextmanager
def open_hub_work(
    places: Places,
    library: Library,
    board: Board,
    then: Callable[[HostJob], HostJob],
    others: Mapping[str, HostJob],
) -> Generator[HubWork]:
    """Open the hubs; jobs go on with `HubWork.host_jobs.recover`, and stop at the end.

    Args:
        places: The folders.
        library: The models.
        board: The jobs.
        then: Adds to downloads what follows them.
        others: Jobs that have nothing to do with hubs, by kind.
    """
    book = HubBook(places.data / "hub-answers.sqlite3")
    with open_hubs(places) as hubs:
        identifier = identifying.Identifier(hubs, library, book, places.models)
        downloader = downloads.downloader_for(hubs.network, library, places)
        host_jobs = HostJobs(
            board,
            {
                downloads.KIND: then(downloads.DownloadJobs(downloader)),
                identifying.KIND: identifying.IdentifyJobs(identifier),
                updates.KIND: updates.UpdateJobs(hubs, library, book),
                **others,
            },
        )
        asking = Asking(hubs, places.models)
        try:
            yield HubWork(
                hubs,
                host_jobs,
                downloads.Downloads(asking, host_jobs, board, library),
                identifying.Identifying(identifier, host_jobs, board),
                updates.Updates(library, book, host_jobs, board),
            )
        finally:
            host_jobs.close()
            book.close()
