"""Enlarging pictures."""

import secrets
import time
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from backend.jobs.board import Board
from backend.jobs.queue import JobQueue
from backend.library.checkpoints import STARTER
from backend.library.library import Library
from backend.metadata.file_texts import read_texts
from backend.metadata.opening import size_of
from backend.metadata.own import PictureMetadata
from backend.metadata.upscaled import origin_of
from backend.places import Places
from backend.schema.errors import (
    ModelError,
    ModelMissingError,
    NotAllowedError,
    NotFoundError,
    RequestError,
)
from backend.schema.jobs import Actor, Job, JobState, JobView, Role
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from backend.schema.picture_settings import PromptSettings
from backend.schema.upscaling import (
    LANCZOS,
    LANCZOS_LABEL,
    ResolvedUpscaler,
    ResolvedUpscaling,
    UpscaleRequest,
    UpscalerInfo,
    UpscalerOffers,
    require_room,
)
from backend.services.gallery import Gallery

KIND = "upscale"
_STARTER_FILE = "upscaler.safetensors"
_STARTER_ID, _STARTER_NAME = "starter", "Starter upscaler"


class Upscaling:
    """Turns a request into a job that makes a new, larger picture; the old one is kept."""

    def __init__(
        self, queue: JobQueue, board: Board, library: Library, gallery: Gallery, places: Places
    ) -> None:
        self._queue = queue
        self._board = board
        self._library = library
        self._gallery = gallery
        self._starter = places.models / "starter" / _STARTER_FILE

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
        there = self._models()
        usual = _usual(there, _drawn_as(path))
        infos = [UpscalerInfo(id=each.id, label=each.name, about=about) for each, about in there]
        plain = UpscalerInfo(id=LANCZOS, label=LANCZOS_LABEL, about="no model")
        return UpscalerOffers(upscalers=(*infos, plain), usual=usual.id if usual else LANCZOS)

    def _queue_up(self, actor: Actor, wanted: ResolvedUpscaling) -> JobView:
        job = Job(
            id=secrets.token_hex(6),
            kind=KIND,
            owner=actor.id,
            state=JobState.QUEUED,
            request=wanted.model_dump(mode="json"),
            created=time.time(),
        )
        return self._queue.submit(job).view()

    def _resolved(self, actor: Actor, request: UpscaleRequest) -> ResolvedUpscaling:
        path, name = self._file(actor, request.picture)
        require_room(name, *size_of(path), request.factor, request.output)
        origin = _drawn_as(path)
        if request.upscaler is None:
            upscaler = _usual(self._models(), origin)
        else:
            upscaler = self._named(request.upscaler)
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
            file = self._gallery.file(actor, picture)
            return file, file.name
        if actor.role is not Role.OWNER:
            raise NotAllowedError(
                "Only the owner may enlarge files of this machine.", "Name a picture by its id."
            )
        return path, path.name

    def _models(self) -> list[tuple[ResolvedUpscaler, str]]:
        """The upscalers that are here with their architectures; the starter's comes last."""
        there = [
            (_found(entry), _architecture(entry))
            for entry in self._library.entries()
            if _is_upscaler(entry) and _usable(entry) and entry.path != str(self._starter)
        ]
        if self._starter.is_file():
            starter = ResolvedUpscaler(id=_STARTER_ID, name=_STARTER_NAME, path=str(self._starter))
            there.append((starter, "for its own pictures"))
        return there

    def _named(self, name: str) -> ResolvedUpscaler | None:
        """An upscaler by its id, title, or file's name; None for Lanczos."""
        if name.casefold() == LANCZOS:
            return None
        found = {word: each for each, _ in self._models() for word in _words(each)}
        if name.casefold() in found:
            return found[name.casefold()]
        for entry in self._library.entries():
            if name.casefold() in _words(_found(entry)):
                raise _unusable(entry)
        similar = get_close_matches(name.casefold(), [*found, LANCZOS], n=1)
        meant = f"Did you mean “{similar[0]}”? Else put" if similar else "Put"
        raise ModelMissingError(
            f"There is no upscaler called “{name}”.",
            f"{meant} its file into models/upscale_models.",
        )


def _usual(
    there: Iterable[tuple[ResolvedUpscaler, str]], origin: PictureMetadata | None
) -> ResolvedUpscaler | None:
    """What enlarges where nobody chooses; None for Lanczos.

    The starter's upscaler learned from the starter's pictures alone: what others drew, and
    photographs, look better with Lanczos.
    """
    models = [each for each, _ in there]
    if origin is not None and origin.request.model.checkpoint == STARTER:
        return next((each for each in models if each.id == _STARTER_ID), None)
    return next((each for each in models if each.id != _STARTER_ID), None)


def _drawn_as(path: Path) -> PictureMetadata | None:
    """How Easel drew the picture, or what it was enlarged from; None where it did not."""
    try:
        texts = read_texts(path)
    except OSError:
        return None  # what is wrong with the file is said by who reads its size
    return origin_of(texts) if texts else None


def _is_upscaler(entry: LibraryEntry) -> bool:
    return entry.model is not None and entry.model.kind is ModelKind.UPSCALER


def _usable(entry: LibraryEntry) -> bool:
    return entry.model is not None and entry.model.format == "safetensors"


def _architecture(entry: LibraryEntry) -> str:
    variants = entry.model.variants if entry.model else ()
    return next((fact.value for fact in variants), "")


def _found(entry: LibraryEntry) -> ResolvedUpscaler:
    return ResolvedUpscaler(id=entry.id, name=entry.name, path=entry.path)


def _words(upscaler: ResolvedUpscaler) -> set[str]:
    """What a person may call it, in lower case."""
    file = PurePosixPath(upscaler.id)
    return {each.casefold() for each in (upscaler.id, upscaler.name, file.name, file.stem)}


def _unusable(entry: LibraryEntry) -> ModelError:
    if entry.model is not None and not _is_upscaler(entry):
        return ModelError(
            f"“{entry.name}” is a {entry.model.kind.label}, not an upscaler.",
            "Choose an upscaler, or lanczos.",
        )
    problem = entry.problem
    return ModelError(
        problem.sentence if problem else f"“{entry.name}” cannot enlarge pictures.",
        problem.hint if problem else "Choose another upscaler.",
    )
