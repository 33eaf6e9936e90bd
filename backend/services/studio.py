"""Studio: the one door to everything that Easel does."""

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from backend.channel.client import Launch
from backend.channel.subprocess import SubprocessEngines
from backend.channel.supervisor import EngineListener, Patience, Supervisor
from backend.gallery.brought import BroughtPictures
from backend.jobs.board import Board
from backend.jobs.journal import Journal
from backend.jobs.lane import HostLane
from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.locks import HeldLock
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.errors import AlreadyRunningError, OutputError
from backend.schema.memory_settings import MemorySettings
from backend.services import bringing_pictures
from backend.services.advising import Advising
from backend.services.bringing import Bringing, brought_pictures, picture_bringer
from backend.services.conversion import Conversion
from backend.services.covers import Covers
from backend.services.download_history import DownloadHistory
from backend.services.downloads import Downloads
from backend.services.gallery import Gallery
from backend.services.generation import Generation
from backend.services.guide import Getting, Guide, room_in
from backend.services.host import StudioHost
from backend.services.hub_work import open_hub_work
from backend.services.hubs import Hubs
from backend.services.identifying import Identifying
from backend.services.jobs import Jobs
from backend.services.keeping import Books, Keeping, Work, is_needed
from backend.services.learning import Learner
from backend.services.lora_cards import LoraShelf
from backend.services.machine_memory import MachineMemory
from backend.services.memory import Memory
from backend.services.models import Models
from backend.services.notes import Notes
from backend.services.planning import Planner
from backend.services.previews import Previews
from backend.services.readings import Readings
from backend.services.remembered import Remembered
from backend.services.reproducing import Reproducing
from backend.services.shelf import Shelf
from backend.services.shortage import Shortage
from backend.services.style_book import StyleBook
from backend.services.updates import Updates
from backend.services.well_known import load_well_known
from backend.services.wishes import ThenDraw, WishBook
from backend.services.wording import Wording
from backend.services.writing import Writing


@dataclass(frozen=True)
class Studio:
    """The verbs, one class for each subject; satisfies `backend.api.verbs.Verbs`."""

    generation: Generation
    conversion: Conversion
    jobs: Jobs
    gallery: Gallery
    models: Models
    covers: Covers
    notes: Notes
    memory: Memory
    advising: Advising
    writing: Writing
    readings: Readings
    reproducing: Reproducing
    loras: LoraShelf
    hubs: Hubs
    downloads: Downloads
    keeping: Keeping
    bringing: Bringing
    identifying: Identifying
    updates: Updates
    previews: Previews
    guide: Guide


@contextmanager
def open_studio(
    places: Places,
    *,
    warm: bool = True,
    resume: bool = True,
    launch: Launch | None = None,
    patience: Patience | None = None,
    memory_settings: MemorySettings | None = None,
) -> Generator[Studio]:
    """Open the studio of one data folder; what waits or runs at the end goes on next time.

    Args:
        places: The folders; one program at a time uses a data folder.
        warm: Whether to start the engine at once instead of at the first job.
        resume: Whether to go on with what an earlier program left; else it is left for the next.
        launch: How an engine is started; a process of its own unless a test says otherwise.
        patience: How long the supervisor waits.
        memory_settings: What the command line decided about memory for this run.

    Raises:
        AlreadyRunningError: When another program uses the data folder.
        OutputError: When the data folder cannot be made or written.
    """
    launch = launch or SubprocessEngines(places)

    def engine_for(listener: EngineListener) -> Supervisor:
        return Supervisor(launch, _hearing(listener, board, planner), patience)

    with ExitStack() as open_things:
        open_things.enter_context(_sole_use(places))
        catalogue = load_catalogue()
        library = Library(places, catalogue)
        open_things.callback(library.close)
        journal = Journal(places.data / "journal.sqlite3")
        open_things.callback(journal.close)
        brought = brought_pictures(places)
        open_things.callback(brought.close)
        board, shelf = _open_board(places, journal, brought, open_things)
        lane = HostLane()
        open_things.callback(lane.close)
        board.restore(resume=resume)
        remembered = Remembered.in_folder(places.data, memory_settings)
        machine = MachineMemory(lambda: queue.system.device)
        planner = Planner(library, catalogue, remembered, machine)
        queue = JobQueue(board, lane, StudioHost(library, planner, places.outputs), engine_for)
        generation = Generation(queue, library, catalogue, Wording(places))
        wishes = WishBook(places.data / "wishes.json")
        then_draw = partial(ThenDraw, wishes=wishes, library=library, generation=generation)
        bringer = picture_bringer(places, brought, catalogue)
        hub_work = open_things.enter_context(
            open_hub_work(places, library, board, then_draw, {bringing_pictures.KIND: bringer})
        )
        jobs = Jobs(board, queue, hub_work.host_jobs, shelf)
        open_things.callback(_save_at_the_end, jobs)
        open_things.callback(queue.close)
        if warm:
            queue.start_engine()
        queue.recover()
        library.start(lambda: bool(board.waiting()))
        hub_work.host_jobs.recover()
        models = Models(library, catalogue)
        gallery = Gallery(board, shelf, places)
        previews = Previews(library, generation, gallery, board, places.data)
        open_things.callback(previews.close)
        bringing = Bringing(library, bringer, hub_work.host_jobs, board)
        if resume:
            previews.resume()
            bringing.look_again()
        books = Books.in_folder(places.data)
        work = Work(partial(is_needed, board), queue.free_memory, journal.pictures_with)
        getting = Getting(
            hub_work.downloads, DownloadHistory(board), wishes, partial(room_in, places.models)
        )
        yield Studio(
            generation,
            Conversion(queue),
            jobs,
            gallery,
            models,
            Covers(models, places),
            Notes(models, books.notes),
            Memory(library, catalogue, planner, remembered.usual),
            Advising(library, catalogue, partial(planner.state, names=False)),
            Writing(library, catalogue, Wording(places), StyleBook(places), journal.prompts_of),
            Readings(library.entries, catalogue),
            Reproducing(generation, gallery),
            LoraShelf(library),
            hub_work.hubs,
            hub_work.downloads,
            Keeping(library, books, work),
            bringing,
            hub_work.identifying,
            hub_work.updates,
            previews,
            Guide(load_well_known(), catalogue, library, planner, getting),
        )


def _hearing(listener: EngineListener, board: Board, planner: Planner) -> EngineListener:
    """What hears the engine before the queue does: it learns from runs and explains shortages."""
    explaining = Shortage(listener, lambda job: board.get(job).job, planner)
    return Learner(explaining, lambda job: board.get(job).job.generation, planner)


def _open_board(
    places: Places, journal: Journal, brought: BroughtPictures, open_things: ExitStack
) -> tuple[Board, Shelf]:
    """The board of jobs, and the shelf of pictures that it keeps them on."""
    index = places.data / "gallery.sqlite3"
    shelf = Shelf(index, places.outputs, journal.pictures(), brought)
    open_things.callback(shelf.close)
    return Board(journal, shelf), shelf


@contextmanager
def _sole_use(places: Places) -> Generator[None]:
    """Keep other programs away from the data folder."""
    lock = HeldLock(places.data / "easel.lock")
    try:
        taken = lock.take(f"process {os.getpid()}")
    except OSError as error:
        raise OutputError(
            f"The data folder {places.data} cannot be written: {error.strerror}.",
            "Free some space, give yourself the right to write there, or set EASEL_DATA.",
        ) from error
    if not taken:
        raise AlreadyRunningError(
            f"Easel already runs on this data folder ({lock.holder}).",
            "Use its page, or end it first.",
        )
    try:
        yield
    finally:
        lock.release()


def _save_at_the_end(jobs: Jobs) -> None:
    """A picture that the disk still refuses is made again when its job goes on next time."""
    with suppress(OutputError):
        jobs.save_what_is_held()
