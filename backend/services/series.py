"""Asking for several pictures that differ in a few settings."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

from backend.jobs.board import Board
from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.metadata.opening import ENDINGS
from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.errors import EaselError, NotFoundError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, Job, JobView, Role
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedRequest
from backend.schema.sampling_settings import RANDOM_SEED
from backend.schema.series import (
    Axis,
    ResolvedAxis,
    ResolvedSeries,
    SeriesAxes,
    SeriesPlan,
    SeriesRequest,
)
from backend.series.axes import Varied, changes_words, varied
from backend.series.order import drawing_order
from backend.series.values import require_few
from backend.services.generation import Generation
from backend.services.planning import Planner
from backend.services.resolve import draw_seed
from backend.services.sources import Look

KIND = "series"


class Series:
    """Turns a request into a job whose pictures are each what they would be alone."""

    def __init__(
        self,
        queue: JobQueue,
        board: Board,
        generation: Generation,
        offers: "LibraryOffers",
        planner: Planner,
    ) -> None:
        self._queue = queue
        self._board = board
        self._generation = generation
        self._offers = offers
        self._planner = planner

    def submit(self, actor: Actor, request: SeriesRequest) -> JobView:
        """Queue a series and return at once; each picture is resolved before any is drawn.

        Raises:
            RequestError: When an axis makes no sense, or there are too many pictures.
            OutOfRangeError: When a value makes no sense for its setting.
            ModelError: When a checkpoint is not there or cannot draw.
            NotFoundError: When a picture that drawing begins with is not there.
        """
        axes, cells = self._resolved(actor, request, self._generation.looks(actor))
        series = ResolvedSeries.of(axes, cells, drawing_order(cells), sheet=request.sheet)
        return self._queue_up(actor, series)

    def again(self, actor: Actor, job_id: str) -> JobView:
        """Queue a series once more, with the same seeds.

        Raises:
            NotFoundError: When there is no such job, or it is somebody else's.
            RequestError: When the job is of another kind.
        """
        job = self._board.get(job_id).job
        if not actor.may_see(job.owner):
            raise NotFoundError("There is no such job.", "Look at the list of jobs.")
        if job.kind != KIND:
            raise RequestError("This job draws no grid.", "Ask again where you began it.")
        return self._queue_up(actor, job.series)

    def preview(self, actor: Actor, request: SeriesRequest) -> SeriesPlan:
        """How many pictures a series would make and how long they would take; nothing is kept.

        Raises:
            RequestError: As `submit` does, and the others too.
        """
        axes, cells = self._resolved(actor, request, self._generation.looks(actor, keep=False))
        notes: list[str] = []
        if request.base.batch.pictures > 1:
            notes.append("Each combination makes one picture; for more, vary the seed.")
        return SeriesPlan(
            pictures=axes.cells,
            sheets=axes.pages if request.sheet else 0,
            seconds=self._seconds(cells),
            axes=axes,
            notes=tuple(notes),
        )

    def _queue_up(self, actor: Actor, series: ResolvedSeries) -> JobView:
        job = Job.asked(KIND, actor, series)
        return self._queue.submit(job).view()

    def _resolved(
        self, actor: Actor, request: SeriesRequest, look: Look
    ) -> tuple[SeriesAxes, list[ResolvedRequest]]:
        """What is varied, and each picture by its place."""
        base = _alone(request.base)
        offers = self._offers.for_actor(actor)
        found = _all_varied((request.x, request.y, request.z), base, offers)
        axes = SeriesAxes(x=_told(found[0]), y=_told(found[1]), z=_told(found[2]))
        require_few(axes.cells)
        look = cache(look)
        later = [axis is not None and changes_words(axis) for axis in _axes(request)]
        cells: list[ResolvedRequest] = []
        for z, y, x in product(*(range(len(axis.labels)) for axis in (axes.z, axes.y, axes.x))):
            asked = base
            for last in (False, True):
                for axis, place, late in zip(found, (x, y, z), later, strict=True):
                    if axis is not None and late is last:
                        asked = axis.values[place].change(asked)
            cells.append(self._generation.resolved(actor, asked, look))
        return axes, cells

    def _seconds(self, cells: Sequence[ResolvedRequest]) -> float | None:
        """How long all take together; None where that cannot be told."""
        known: dict[str, float | None] = {}
        total = 0.0
        for cell in cells:
            steering = [(each.model.path, each.start, each.end) for each in cell.controls]
            kind = (cell.model.path, cell.size, cell.sampling, cell.refiner, cell.steps_taken)
            kind = (*kind, *steering)
            if repr(kind) not in known:
                known[repr(kind)] = self._seconds_of(cell)
            seconds = known[repr(kind)]
            if seconds is None:
                return None
            total += seconds
        return total

    def _seconds_of(self, cell: ResolvedRequest) -> float | None:
        try:
            return self._planner.plan(cell).seconds
        except EaselError:
            return None  # drawing it says what is wrong


class LibraryOffers:
    """What values of axes may be, from the library; satisfies `backend.series.axes.Offers`."""

    def __init__(self, library: Library, catalogue: Catalogue, *, anywhere: bool = False) -> None:
        self._library = library
        self._anywhere = anywhere
        self.catalogue = catalogue

    def for_actor(self, actor: Actor) -> "LibraryOffers":
        """What this actor may use: the owner also names files and folders of this machine."""
        owner = actor.role is Role.OWNER
        return LibraryOffers(self._library, self.catalogue, anywhere=owner)

    def checkpoint(self, name: str) -> CheckpointInfo:
        """The checkpoint that a name means; see `Library.find`."""
        return self._library.find(name, anywhere=self._anywhere)

    def checkpoints(self) -> Sequence[CheckpointInfo]:
        """All that draw by themselves."""
        known = self._library.checkpoints()
        return [each for each in known if not each.problem and not each.refiner]

    def pictures(self, name: str) -> Sequence[str]:
        """The picture of a name, or those in a folder, by name.

        Raises:
            NotFoundError: When a folder holds none.
        """
        folder = Path(name).expanduser()
        if not self._anywhere or not folder.is_absolute() or not folder.is_dir():
            return [name]
        found = sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS)
        if not found:
            raise NotFoundError(f"There is no picture in {folder}.", "Name another folder.")
        return [str(each) for each in found]

    def draw_seed(self) -> int:
        """A seed that nobody chose."""
        return draw_seed()


def _axes(request: SeriesRequest) -> tuple[Axis | None, Axis | None, Axis | None]:
    return request.x, request.y, request.z


def _all_varied(
    axes: Sequence[Axis | None], base: GenerationRequest, offers: LibraryOffers
) -> list[Varied | None]:
    """The values of all axes; those that change words know the prompts that others choose."""
    if not any(axes):
        raise RequestError("Nothing is varied.", "Choose a setting, and values for it.")
    found: list[Varied | None] = [None] * len(axes)
    prompts: list[PromptSettings] = [base.prompt]
    for words in (False, True):
        for place, axis in enumerate(axes):
            if axis is None or changes_words(axis) is not words:
                continue
            one = found[place] = varied(axis, prompts, offers)
            require_few(len(one.values))
            if not words:
                prompts += [value.change(base).prompt for value in one.values]
    return found


def _alone(base: GenerationRequest) -> GenerationRequest:
    """One picture, with seeds that all share."""
    seed = base.seed
    drawn = {
        name: draw_seed()
        for name, value in (("value", seed.value), ("variation", seed.variation))
        if value == RANDOM_SEED
    }
    changes = {"batch": BatchSettings(), "seed": seed.model_copy(update=drawn)}
    return base.model_copy(update=changes)


def _told(axis: Varied | None) -> ResolvedAxis:
    if axis is None:
        return ResolvedAxis()
    return ResolvedAxis(title=axis.title, labels=tuple(value.label for value in axis.values))
