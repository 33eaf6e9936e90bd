"""The story of a download: from a hub's file to a model in its folder."""

import hashlib
import logging
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from backend.downloads.checking import (
    Content,
    content_of,
    refuse_before,
    require_hash,
    scan_pickle,
)
from backend.downloads.describing import describe
from backend.downloads.names import safe_name
from backend.downloads.part import Part, part_key
from backend.downloads.placing import put, put_at, right_folder, set_aside
from backend.downloads.ports import Models, Network
from backend.downloads.transfer import Means, Transfer
from backend.locks import HeldLock
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import ModelDamagedError, ModelError, RequestError
from backend.schema.events import Event, Finished, Stage, Warned
from backend.schema.models import ModelFile, ModelKind

LOG = logging.getLogger(__name__)

_HEAD = 512
_CHUNK = 4 << 20
_ROUNDED = 1024
"""Bytes that the size that a hub tells may be wrong by."""
_TICK = 0.2
_LONGEST_END = 30.0
"""Seconds; a cancelled download may wait that long for the next bytes before it hears of it."""


class Downloader:
    """Downloads files into a models folder. Safe to use from several threads and processes."""

    def __init__(
        self, network: Network, models: Models, models_folder: Path, locks: Path, means: Means
    ) -> None:
        """Make it without connecting anywhere.

        Args:
            network: The way to the hubs.
            models: Who knows what model files are.
            models_folder: Nothing is written outside it.
            locks: The folder of files that keep other processes from the same download.
            means: What is used of the machine.
        """
        self._network = network
        self._models = models
        self._folder = models_folder
        self._locks = locks
        self._means = means

    def run(self, request: DownloadRequest) -> Iterator[Event]:
        """Download a file, or go on with it; closed at any yield, it keeps what arrived.

        Raises:
            EaselError: With what to do; what arrived is kept unless it is no model.
        """
        refuse_before(request)
        self._require_inside(Path(request.folder))
        lock = self._lock(request)
        yield from self._taken(lock, request.file.name)
        try:
            there = self._known(request) or (yield from _recognised(request))
            if there is not None:
                yield Finished(sentence=f"You have it already: {self._told(there)}.")
                return
            part = Part(request)
            part.open()
            with closing(part):
                yield from self._fetched(request, part)
                yield Stage(sentence=f"Checking {request.file.name}")
                target = yield from self._placed(request, part)
            if not request.place:
                yield from describe(target, request, part.sha256, self._network)
        finally:
            lock.release()
        if not request.place:
            self._models.arrived(target, part.sha256)
        yield Finished(sentence=f"{self._told(target)} is here.")

    def discard(self, request: DownloadRequest) -> None:
        """Remove what an unfinished download left, unless somebody is at it (again).

        Raises:
            OSError: When it cannot be removed.
        """
        lock = self._lock(request)
        if not lock.take(_holder()):
            LOG.info("download.kept file=%s", request.file.name)
            return
        try:
            Part(request).remove()
        finally:
            lock.release()

    def _known(self, request: DownloadRequest) -> Path | None:
        """The same model, wherever it is; a file that has a place of its own has to be there."""
        sha256 = request.file.sha256
        return self._models.with_hash(sha256) if sha256 and not request.place else None

    def _fetched(self, request: DownloadRequest, part: Part) -> Iterator[Event]:
        """All bytes, with the right hash.

        Where bytes of several answers do not fit together, it is tried once from the start.
        """
        file = request.file

        def check_head(head: bytes) -> None:
            content_of(request, head, self._models)

        yield from Transfer(self._network, part, check_head, self._means).run(file.name, file.bytes)
        yield from _hashed(part, file.name)
        if part.resumed and file.sha256 and part.sha256 != file.sha256.lower():
            yield Warned(sentence=f"The pieces of {file.name} did not fit, so it begins again.")
            part.begin_again()
            again = Transfer(self._network, part, check_head, self._means)
            yield from again.run(file.name, file.bytes)
            yield from _hashed(part, file.name)

    def _placed(self, request: DownloadRequest, part: Part) -> Generator[Event, None, Path]:
        """The file under its name, checked; what is wrong is set aside or removed."""
        content = content_of(request, part.head(_HEAD), self._models)
        name = safe_name(request.file.name, content)
        part.flush()
        part.close()
        damaged = f"{name}.damaged"
        try:
            require_hash(request, part.sha256, damaged)
            found = self._looked_at(part.path, name, content)
        except ModelDamagedError:
            set_aside(part.path, damaged)
            part.forget_note()
            raise
        if content == "pickle":
            yield from self._scanned(part, name, told=not request.place)
        if request.place:
            target = put_at(part.path, self._folder / request.place)
            part.forget_note()
            return target
        folder = right_folder(self._folder, Path(request.folder), found)
        there = folder / name
        if _is_same(there, part):
            part.remove()
            return there
        target = put(part.path, folder, name)
        part.forget_note()
        yield from map(_warned, _told_apart(request, found, target))
        return target

    def _looked_at(self, path: Path, name: str, content: Content) -> ModelFile | None:
        if content in ("pickle", "text"):
            return None
        try:
            return self._models.identify(path)
        except ModelError as error:  # it should say the name that people know
            raise replace(error, sentence=error.sentence.replace(path.name, name)) from error

    def _scanned(self, part: Part, name: str, *, told: bool) -> Iterator[Event]:
        """Look through a pickle; `told` says whether a person hears that it is one."""
        try:
            suspicious = scan_pickle(part.path, name)
        except ModelError:
            part.remove()
            raise
        if suspicious:
            yield Warned(sentence=suspicious)
        if told:
            convert = f"{name} is a pickle; convert it to safetensors before you use it."
            yield Warned(sentence=convert)

    def _lock(self, request: DownloadRequest) -> HeldLock:
        """What keeps everybody else away from the same unfinished file."""
        return HeldLock(self._locks / f"{part_key(request)[:16]}.lock")

    def _taken(self, lock: HeldLock, name: str) -> Iterator[Event]:
        """Take the lock; a download of our own that was cancelled just now may still be ending.

        Raises:
            RequestError: When another program has it.
        """
        left = _LONGEST_END
        while not lock.take(_holder()):
            if lock.holder != _holder() or left <= 0:
                raise RequestError(
                    f"“{name}” is being downloaded already ({lock.holder}).",
                    "Wait for it, or end that download first.",
                )
            yield Stage(sentence=f"Waiting for the end of the last download of {name}")
            self._means.wait(_TICK)
            left -= _TICK

    def _require_inside(self, folder: Path) -> None:
        if not folder.resolve().is_relative_to(self._folder.resolve()) and not (
            folder.parent == self._folder
        ):
            raise RequestError("That folder is not in the models folder.", "Choose another.")

    def _told(self, path: Path) -> str:
        inside = path.is_relative_to(self._folder)
        return path.relative_to(self._folder).as_posix() if inside else str(path)


def _holder() -> str:
    return f"process {os.getpid()}"


def _hashed(part: Part, name: str) -> Iterator[Event]:
    for done in part.hashed():
        yield Stage(sentence=f"Checking {name}", done_bytes=done, total_bytes=part.length)


def _recognised(request: DownloadRequest) -> Generator[Event, None, Path | None]:
    """The very file under its usual name, where nobody has worked out its hash yet."""
    file = request.file
    if not file.sha256 or file.format == "other":
        return None
    path = Path(request.folder) / safe_name(file.name, file.format)
    size = path.stat().st_size if path.is_file() else 0
    if not size or abs(size - (file.bytes or size)) > _ROUNDED:
        return None
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as there:
        while chunk := there.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            looking = f"Looking whether {path.name} is here already"
            yield Stage(sentence=looking, done_bytes=done, total_bytes=size)
    return path if digest.hexdigest() == file.sha256.lower() else None


def _is_same(there: Path, part: Part) -> bool:
    """Whether the very file is there already, under the very name."""
    if not there.is_file() or there.stat().st_size != part.length:
        return False
    with part.path.open("rb") as new, there.open("rb") as old:
        while chunk := new.read(1 << 20):
            if old.read(1 << 20) != chunk:
                return False
    return True


def _warned(sentence: str) -> Warned:
    return Warned(sentence=sentence)


def _told_apart(request: DownloadRequest, found: ModelFile | None, target: Path) -> Iterator[str]:
    """What a person should know where a file is something else than its hub says."""
    if found is None:
        return
    name, asked = target.name, request.kind
    if found.kind is ModelKind.UNKNOWN:
        yield f"{name} is whole, but no kind of model that Easel knows."
    elif asked not in (ModelKind.UNKNOWN, found.kind) and found.kind.folder != asked.folder:
        yield (
            f"{request.hub.label} calls {name} a {asked.label}, and it is a {found.kind.label}, "
            f"so it is in “{target.parent.name}”."
        )
