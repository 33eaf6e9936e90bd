"""Enlarging pictures."""

from pathlib import Path

from backend.jobs.board import Board
from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.metadata.file_texts import read_texts
from backend.metadata.opening import size_of
from backend.metadata.own import PictureMetadata
from backend.metadata.upscaled import origin_of
from backend.schema.errors import (
    NotAllowedError,
    NotFoundError,
    RequestError,
)
from backend.schema.inputs import INPUT
from backend.schema.jobs import Actor, Job, JobView, Role
from backend.schema.picture_settings import PromptSettings
from backend.schema.upscaling import (
    LANCZOS,
    LANCZOS_LABEL,
    ResolvedUpscaling,
    UpscaleRequest,
    UpscalerInfo,
    UpscalerOffers,
    require_room,
)
from backend.services.inputs import Inputs
from backend.services.upscalers import named_upscaler, usual_upscaler

KIND = "upscale"
HANDED_IN = "The picture"
"""What a picture is called that was handed in: its own name is not kept."""


class Upscaling:
    """Turns a request into a job that makes a new, larger picture; the old one is kept."""

    def __init__(self, queue: JobQueue, board: Board, library: Library, inputs: Inputs) -> None:
        self._queue = queue
        self._board = board
        self._library = library
        self._inputs = inputs

    def submit(self, actor: Actor, request: UpscaleRequest) -> JobView:
        """Queue an enlargement and return at once; only the picture's head is read.

        Raises:
            NotFoundError: When there is no such picture.
            NotAllowedError: When a guest names a file.
            RequestError: When it is no picture, or the result would be too large.
            ModelError: When there is no such upscaler, or it cannot be used.
        """
        return self._queue_up(actor, self._resolved(actor, request))

    def again(self, actor: Actor, job_id: str) -> JobView:
        """Queue an enlargement once more.

        Raises:
            NotFoundError: When there is no such job, or it is somebody else's.
            RequestError: When the job enlarges nothing.
        """
        job = self._board.get(job_id).job
        if not actor.may_see(job.owner):
            raise NotFoundError("There is no such job.", "Look at the list of jobs.")
        if job.kind != KIND:
            raise RequestError("This job enlarges no picture.", "Ask again where you began it.")
        return self._queue_up(actor, job.upscaling)

    def offers(self, actor: Actor, picture: str) -> UpscalerOffers:
        """What can enlarge a picture, and what does where nobody chooses.

        Raises:
            NotFoundError: When there is no such picture.
            NotAllowedError: When a guest names a file.
        """
        path, _ = self._file(actor, picture)
        there = self._library.upscalers()
        usual = usual_upscaler(there, _drawn_with(_drawn_as(path)))
        infos = [
            UpscalerInfo(id=each.model.id, label=each.model.name, about=each.about)
            for each in there
        ]
        plain = UpscalerInfo(id=LANCZOS, label=LANCZOS_LABEL, about="no model")
        return UpscalerOffers(upscalers=(*infos, plain), usual=usual.id if usual else LANCZOS)

    def _queue_up(self, actor: Actor, wanted: ResolvedUpscaling) -> JobView:
        job = Job.asked(KIND, actor, wanted)
        return self._queue.submit(job).view()

    def _resolved(self, actor: Actor, request: UpscaleRequest) -> ResolvedUpscaling:
        path, name = self._file(actor, request.picture)
        require_room(name, *size_of(path), request.factor, request.output)
        origin = _drawn_as(path)
        if request.upscaler is None:
            upscaler = usual_upscaler(self._library.upscalers(), _drawn_with(origin))
        else:
            upscaler = named_upscaler(request.upscaler, self._library)
        return ResolvedUpscaling(
            path=str(path),
            name=name,
            prompt=origin.request.prompt_of(origin.index) if origin else PromptSettings(),
            seed=origin.request.seed_of(origin.index) if origin else 0,
            factor=request.factor,
            upscaler=upscaler,
            output=request.output,
        )

    def _file(self, actor: Actor, picture: str) -> tuple[Path, str]:
        """The file of a picture, and what it is called."""
        path = Path(picture)
        if not picture:
            raise RequestError("No picture is named.", "Name one of the gallery, or a file.")
        if not path.is_absolute():
            file = self._inputs.file(actor, picture)
            return file, HANDED_IN if INPUT.fullmatch(picture) else file.name
        if actor.role is not Role.OWNER:
            raise NotAllowedError(
                "Only the owner may enlarge files of this machine.", "Name a picture by its id."
            )
        return path, path.name


def _drawn_with(origin: PictureMetadata | None) -> str | None:
    """The id of the checkpoint that drew a picture."""
    return origin.request.model.checkpoint if origin else None


def _drawn_as(path: Path) -> PictureMetadata | None:
    """How Easel drew the picture, or what it was enlarged from; None where it did not."""
    try:
        texts = read_texts(path)
    except OSError:
        return None  # what is wrong with the file is said by who reads its size
    return origin_of(texts) if texts else None
