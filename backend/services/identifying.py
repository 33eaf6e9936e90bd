"""Finding out at CivitAI what models are. Nothing but their hashes leaves this machine."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.downloads.describing import describe
from backend.hubs.book import HubBook
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.library import Library
from backend.library.moving import belongings
from backend.library.reading import PICKLE
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import OutputError, RequestError
from backend.schema.events import Event, Finished, Warned
from backend.schema.hubs import HubFile, HubModel, HubVersion
from backend.schema.identifying import AskedModels, Identified
from backend.schema.jobs import OWNER, Actor, Job, JobView
from backend.schema.library import LibraryEntry
from backend.services.asking_in_turn import Question, Wait, ask_in_turn, submit_alone
from backend.services.download_requests import request_for
from backend.services.hubs import Found, Hubs
from backend.services.owner import only_the_owner

KIND = "identify"
ASK_AGAIN_SECONDS = 30 * 24 * 3600.0
"""What CivitAI did not know is asked for again after this time, unless it is asked for singly."""


@dataclass(frozen=True)
class Answer:
    """What CivitAI told of a file."""

    sha256: str
    found: Found | None
    """None where it does not know the file."""


@dataclass(frozen=True)
class Identifier:
    """Asks for one file after the other, and writes beside each what it is told."""

    hubs: Hubs
    library: Library
    book: HubBook
    models: Path
    """The models folder."""
    now: Callable[[], float] = time.time

    def ask(self, entry: LibraryEntry) -> Answer:
        """What CivitAI has under a file's hash, which is worked out where it is not known.

        Raises:
            ModelDamagedError: When the file cannot be read.
            HubError: When CivitAI does not answer as it should.
        """
        sha256 = self._sha256(entry)
        return Answer(sha256, self.hubs.version_by_hash(OWNER, sha256))

    def ask_unless_lately(self, entry: LibraryEntry) -> Answer | None:
        """The same; None where it turns out that CivitAI was asked for this file lately."""
        return None if self._is_recent(self._sha256(entry)) else self.ask(entry)

    def hear(self, entry: LibraryEntry, answer: Answer) -> Iterator[Event]:
        """Write what CivitAI told where nothing is yet, and remember that it was asked."""
        if answer.found is not None:
            request = _request(entry, answer.sha256, *answer.found, self.models)
            for event in describe(Path(entry.path), request, answer.sha256, self.hubs.network):
                yield event
                if isinstance(event, Warned):
                    return
        self.book.keep_hash(answer.sha256, self.now())

    def left(self) -> list[LibraryEntry]:
        """What is to be asked for: nobody knows where it comes from, nor was told so lately.

        First those whose hashes are known, then the small ones.
        """
        oldest, asked = self.now() - ASK_AGAIN_SECONDS, self.book.hashes()
        there = [entry for entry in self.library.entries() if _is_a_stranger(entry)]
        fresh = [entry for entry in there if _asked(entry, asked) < oldest]
        return sorted(fresh, key=lambda entry: (entry.hashes is None, entry.bytes, entry.id))

    def _sha256(self, entry: LibraryEntry) -> str:
        return (entry.hashes or self.library.hashes(Path(entry.path))).sha256

    def _is_recent(self, sha256: str) -> bool:
        return self.book.asked(sha256) >= self.now() - ASK_AGAIN_SECONDS


class Identifying:
    """Identifies models; the owner's alone."""

    def __init__(self, identifier: Identifier, host_jobs: HostJobs, board: Board) -> None:
        self._identifier = identifier
        self._library = identifier.library
        self._host_jobs = host_jobs
        self._board = board

    def identify(self, actor: Actor, model_id: str) -> Identified:
        """Ask CivitAI for one model, and write beside it what is told.

        It takes as long as the answer does, and as reading the file where its hash is not known.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such model.
            RequestError: When it is a folder, which CivitAI has no hashes of.
            ModelDamagedError: When it cannot be read.
            HubError: When CivitAI does not answer as it should.
            OutputError: When nothing can be written beside it.
        """
        only_the_owner(actor, "identify models")
        entry = self._library.entry(model_id)
        path = Path(entry.path)
        if path.is_dir():
            raise RequestError(
                f"“{entry.name}” is a folder; CivitAI knows single files only.", "Note it yourself."
            )
        answer = self._identifier.ask(entry)
        before = _names_beside(path)
        for event in self._identifier.hear(entry, answer):
            if isinstance(event, Warned):
                raise OutputError(event.sentence)
        if answer.found is None:
            return Identified(model=entry.id, known=False)
        self._library.rescan()
        model, version = answer.found
        return Identified(
            model=entry.id,
            known=True,
            title=f"{model.card.name} {version.name}".strip(),
            page=f"{model.card.page}?modelVersionId={version.id}",
            written=tuple(sorted(_names_beside(path) - before)),
        )

    def identify_all(self, actor: Actor) -> JobView:
        """The same for all models of which nobody knows where they come from, as one job.

        Those that CivitAI did not know in the last 30 days are left out. A job of this kind that
        is under way already is given in its place.

        Raises:
            NotAllowedError: When a guest asks.
            EngineLostError: When the program is ending.
        """
        only_the_owner(actor, "identify models")
        left = [entry.id for entry in self._identifier.left()]
        return submit_alone(self._board, self._host_jobs, actor, KIND, left)


class IdentifyJobs:
    """Jobs that identify models; satisfies `backend.jobs.ports.HostJob`."""

    def __init__(self, identifier: Identifier, wait: Wait = time.sleep) -> None:
        self._identifier = identifier
        self._library = identifier.library
        self._wait = wait

    def run(self, job: Job) -> Iterator[Event]:
        """Identify all that are left of a job's models; what an earlier life asked is not asked.

        Raises:
            HubError: When CivitAI stays away; what it told until then is kept.
        """
        wanted = AskedModels.model_validate(job.request).models
        if not wanted:
            yield Finished(sentence="All models are known already, or CivitAI was asked lately.")
            return
        left = self._left(wanted, job.created)
        unwritten: list[str] = []
        try:
            questions = [self._question(entry, unwritten) for entry in left]
            yield from ask_in_turn(questions, len(wanted) - len(left), self._wait)
        finally:
            self._library.rescan()
        if unwritten:
            yield Warned(sentence=f"{unwritten[0]} So it was with {len(unwritten)} of them.")
        yield Finished(sentence=self._outcome(wanted))

    def discard(self, job: Job) -> None:
        """Nothing is left of such a job but what it found."""

    def _left(self, wanted: tuple[str, ...], since: float) -> list[LibraryEntry]:
        asked = self._identifier.book.hashes()
        there = {entry.id: entry for entry in self._library.entries() if _is_a_stranger(entry)}
        entries = (there[each] for each in wanted if each in there)
        return [entry for entry in entries if _asked(entry, asked) < since]

    def _question(self, entry: LibraryEntry, unwritten: list[str]) -> Question[Answer | None]:
        def hear(answer: Answer | None) -> Iterator[Event]:
            for event in self._identifier.hear(entry, answer) if answer else ():
                if isinstance(event, Warned):
                    unwritten.append(event.sentence)
                else:
                    yield event

        return Question(entry.name, lambda: self._identifier.ask_unless_lately(entry), hear)

    def _outcome(self, wanted: tuple[str, ...]) -> str:
        there = {entry.id: entry for entry in self._library.entries()}
        entries = (there[each] for each in wanted if each in there)
        known = sum(bool(entry.card and entry.card.source) for entry in entries)
        plural = "" if len(wanted) == 1 else "s"
        return f"CivitAI knows {known:,} of {len(wanted):,} model{plural}."


def _is_a_stranger(entry: LibraryEntry) -> bool:
    """Whether it is a whole file of which nobody knows where it comes from."""
    pickle = entry.problem is not None and entry.problem.code == PICKLE
    whole = entry.model is not None and entry.model.format != "folder"
    return (whole or pickle) and not (entry.card and entry.card.source)


def _asked(entry: LibraryEntry, asked: Mapping[str, float]) -> float:
    """When CivitAI was asked for a file; long ago where it never was."""
    return asked.get(entry.hashes.sha256, 0.0) if entry.hashes else 0.0


def _request(
    entry: LibraryEntry, sha256: str, model: HubModel, version: HubVersion, models: Path
) -> DownloadRequest:
    """What a download of the file would have asked for, which says what belongs beside it."""
    itself = next((file for file in version.files if file.sha256 == sha256), None)
    name = Path(entry.path).name
    return request_for(model, version, itself or HubFile(name=name, address=""), models)


def _names_beside(model: Path) -> set[str]:
    return {path.name for path in belongings(model).beside}
