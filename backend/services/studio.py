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
from backend.schema.catalogue import Catalogue
from backend.schema.errors import AlreadyRunningError, OutputError
from backend.schema.memory_settings import MemorySettings
from backend.schema.resolved import ResolvedRequest
from backend.services import bringing_pictures
from backend.services.advising import Advising
from backend.services.bringing import Bringing, brought_pictures, picture_bringer
from backend.services.bringing_pictures import PictureBringer
from backend.services.captioning import Captioning
from backend.services.conversion import Conversion
from backend.services.covers import Covers
from backend.services.datasets import Datasets
from backend.services.download_history import DownloadHistory
from backend.services.downloads import Downloads
from backend.services.gallery import Gallery
from backend.services.generation import Generation
from backend.services.guide import Getting, Guide, room_in
from backend.services.host import StudioHost
from backend.services.hub_work import HubWork, open_hub_work
from backend.services.hubs import Hubs
from backend.services.identifying import Identifying
from backend.services.inputs import Inputs
from backend.services.jobs import Jobs
from backend.services.keeping import Books, Keeping, Work, is_needed
from backend.services.learning import Learner
from backend.services.lora_cards import LoraShelf
from backend.services.machine_memory import MachineMemory
from backend.services.map_shelf import MapShelf
from backend.services.maps import Maps
from backend.services.memory import Memory
from backend.services.models import Models
from backend.services.new_loras import NewLoras
from backend.services.notes import Notes
from backend.services.planning import Planner
from backend.services.poses import PoseMaps
from backend.services.preprocessors import Preprocessors
from backend.services.previews import Previews
from backend.services.readings import Readings
from backend.services.remembered import Remembered
from backend.services.reproducing import Reproducing
from backend.services.series import LibraryOffers, Series
from backend.services.shelf import Shelf
from backend.services.shortage import Shortage
from backend.services.style_book import StyleBook
from backend.services.training import Training
from backend.services.training_forecast import Foretelling
from backend.services.training_stories import TrainingStories
from backend.services.updates import Updates
from backend.services.upscaling import Upscaling
from backend.services.well_known import load_well_known
from backend.services.wishes import ThenDraw, WishBook
from backend.services.wording import Wording
from backend.services.writing import Writing


@dataclass(frozen=True)
class Studio:
    """The verbs, one class for each subject; satisfies `backend.api.verbs.Verbs`."""

    generation: Generation
    series: Series
    conversion: Conversion
    upscaling: Upscaling
    maps: Maps
    map_shelf: MapShelf
    inputs: Inputs
    poses: PoseMaps
    preprocessors: Preprocessors
    training: Training
    trainings: TrainingStories
    datasets: Datasets
    captioning: Captioning
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
        return Supervisor(launch, _hearing(listener, ground, planner), patience)

    with ExitStack() as open_things:
        open_things.enter_context(_sole_use(places))
        ground = _open_ground(places, open_things)
        ground.board.restore(resume=resume)
        remembered = Remembered.in_folder(places.data, memory_settings)
        machine = MachineMemory(lambda: queue.system.device)
        planner = Planner(ground.library, ground.catalogue, remembered, machine)
        host = StudioHost(ground.library, planner, places.outputs)
        queue = JobQueue(ground.board, ground.lane, host, engine_for)
        work = _open_work(ground, queue, open_things)
        if warm:
            queue.start_engine()
        queue.recover()
        ground.library.start(lambda: bool(ground.board.waiting()))
        work.hubs.host_jobs.recover()
        studio = _studio(ground, queue, work, planner, remembered)
        open_things.callback(studio.previews.close)
        if resume:
            studio.previews.resume()
            studio.bringing.look_again()
        yield studio


@dataclass(frozen=True)
class _Ground:
    """What is kept and known, on which all verbs stand."""

    places: Places
    catalogue: Catalogue
    library: Library
    journal: Journal
    brought: BroughtPictures
    board: Board
    shelf: Shelf
    lane: HostLane


@dataclass(frozen=True)
class _Work:
    """What makes pictures, and what brings models."""

    generation: Generation
    inputs: Inputs
    gallery: Gallery
    jobs: Jobs
    hubs: HubWork
    wishes: WishBook
    bringer: PictureBringer


def _open_ground(places: Places, open_things: ExitStack) -> _Ground:
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    open_things.callback(library.close)
    journal = Journal(places.data / "journal.sqlite3")
    open_things.callback(journal.close)
    brought = brought_pictures(places)
    open_things.callback(brought.close)
    shelf = Shelf(places.data / "gallery.sqlite3", places.outputs, journal.pictures(), brought)
    open_things.callback(shelf.close)
    lane = HostLane()
    open_things.callback(lane.close)
    board = Board(journal, shelf)
    return _Ground(places, catalogue, library, journal, brought, board, shelf, lane)


def _open_work(ground: _Ground, queue: JobQueue, open_things: ExitStack) -> _Work:
    """Begin nothing yet; what is under way at the end is saved."""
    places, library, board = ground.places, ground.library, ground.board
    gallery = Gallery(board, ground.shelf, places)
    inputs = Inputs(places.data / "inputs", gallery)
    inputs.sweep()
    generation = Generation(queue, library, ground.catalogue, Wording(places), inputs)
    wishes = WishBook(places.data / "wishes.json")
    then_draw = partial(ThenDraw, wishes=wishes, library=library, generation=generation)
    bringer = picture_bringer(places, ground.brought, ground.catalogue)
    hubs = open_things.enter_context(
        open_hub_work(places, library, board, then_draw, {bringing_pictures.KIND: bringer})
    )
    jobs = Jobs(board, queue, hubs.host_jobs, ground.shelf)
    open_things.callback(_save_at_the_end, jobs)
    open_things.callback(queue.close)
    return _Work(generation, inputs, gallery, jobs, hubs, wishes, bringer)


def _studio(
    ground: _Ground, queue: JobQueue, work: _Work, planner: Planner, remembered: Remembered
) -> Studio:
    """All verbs, each over what it needs."""
    places, catalogue = ground.places, ground.catalogue
    library, board = ground.library, ground.board
    hubs, generation, journal = work.hubs, work.generation, ground.journal
    models = Models(library, catalogue)
    gallery = work.gallery
    books = Books.in_folder(places.data)
    datasets = Datasets(places, gallery)
    keeping = Work(partial(is_needed, board), queue.free_memory, journal.pictures_with)
    room = partial(room_in, places.models)
    foretelling = Foretelling(planner, places)
    training = Training(queue, board, library, catalogue, generation, foretelling)
    getting = Getting(hubs.downloads, DownloadHistory(board), work.wishes, room)
    return Studio(
        generation=generation,
        series=Series(queue, board, generation, LibraryOffers(library, catalogue), planner),
        conversion=Conversion(queue),
        maps=Maps(queue, work.inputs, library, catalogue),
        map_shelf=MapShelf(places.data / "maps", work.inputs, catalogue),
        inputs=work.inputs,
        poses=PoseMaps(work.inputs),
        preprocessors=Preprocessors(
            catalogue.preprocessors, library, hubs.downloads, places.models
        ),
        training=training,
        trainings=TrainingStories(training, work.jobs, places, library.rescan),
        datasets=datasets,
        captioning=Captioning(queue, datasets, places.models, hubs.downloads),
        upscaling=Upscaling(queue, board, library, work.inputs),
        jobs=work.jobs,
        gallery=gallery,
        models=models,
        covers=Covers(models, places),
        notes=Notes(models, books.notes),
        memory=Memory(library, catalogue, planner, remembered.usual, work.inputs),
        advising=Advising(library, catalogue, partial(planner.state, names=False)),
        writing=Writing(library, catalogue, Wording(places), StyleBook(places), journal.prompts_of),
        readings=Readings(library.entries, catalogue, work.inputs.is_here),
        reproducing=Reproducing(generation, gallery),
        loras=LoraShelf(library),
        hubs=hubs.hubs,
        downloads=hubs.downloads,
        keeping=Keeping(library, books, keeping),
        bringing=Bringing(library, work.bringer, hubs.host_jobs, board),
        identifying=hubs.identifying,
        updates=hubs.updates,
        previews=Previews(library, generation, gallery, board, places.data),
        guide=Guide(load_well_known(), catalogue, library, planner, getting),
    )


def _hearing(listener: EngineListener, ground: _Ground, planner: Planner) -> EngineListener:
    """What hears the engine before the queue does.

    It learns from runs, explains shortages, and lists new LoRAs.
    """
    board = ground.board
    listing = NewLoras(listener, ground.lane, ground.library.rescan)
    explaining = Shortage(listing, lambda job: board.get(job).job, planner)
    return Learner(explaining, partial(_drawing, board), planner)


def _drawing(board: Board, job_id: str) -> ResolvedRequest | None:
    """What a job draws; None where it is of another kind."""
    job = board.get(job_id).job
    return job.generation if job.kind == "generate" else None


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
