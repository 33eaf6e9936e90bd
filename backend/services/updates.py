"""Newer versions of models that are here, as their hub tells when the owner asks."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from backend.hubs.book import HubBook, ListedModel, ListedVersion
from backend.hubs.links import parse_link
from backend.hubs.settings import HubSettings
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.library import Library
from backend.schema.errors import RequestError
from backend.schema.events import Event, Finished
from backend.schema.hubs import HubModel, HubName
from backend.schema.identifying import AskedModels, FoundUpdates, Update
from backend.schema.jobs import OWNER, Actor, Job, JobView
from backend.schema.library import LibraryEntry
from backend.services.asking_in_turn import Question, Wait, ask_in_turn, submit_alone
from backend.services.hubs import Hubs
from backend.services.owner import only_the_owner

KIND = "updates"


@dataclass(frozen=True)
class _Here:
    """A model of CivitAI's that is here."""

    entry: LibraryEntry
    model: str
    version: str


class Updates:
    """Looks for newer versions, never by itself. The owner asks, all may see what was found."""

    def __init__(self, library: Library, book: HubBook, host_jobs: HostJobs, board: Board) -> None:
        self._library = library
        self._book = book
        self._host_jobs = host_jobs
        self._board = board

    def look(self, actor: Actor) -> JobView:
        """Ask CivitAI once for each model whose version there is known, as one job.

        A job of this kind that is under way already is given in its place.

        Raises:
            NotAllowedError: When a guest asks.
            EngineLostError: When the program is ending.
        """
        only_the_owner(actor, "look for newer versions")
        models = sorted({here.model for here in _from_civitai(self._library)}, key=int)
        return submit_alone(self._board, self._host_jobs, actor, KIND, models)

    def found(self, actor: Actor) -> FoundUpdates:  # noqa: ARG002
        """What is newer than what is here now, as far as CivitAI was asked."""
        return found_updates(self._library, self._book.models())


class UpdateJobs:
    """Jobs that look for newer versions; satisfies `backend.jobs.ports.HostJob`."""

    def __init__(
        self,
        hubs: Hubs,
        library: Library,
        book: HubBook,
        wait: Wait = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._hubs = hubs
        self._library = library
        self._book = book
        self._wait = wait
        self._now = now

    def run(self, job: Job) -> Iterator[Event]:
        """Ask for all that are left of a job's models.

        Raises:
            HubError: When CivitAI stays away; what it told until then is kept.
        """
        wanted = AskedModels.model_validate(job.request).models
        names = {here.model: here.entry.name for here in _from_civitai(self._library)}
        known = self._book.models()
        left = [one for one in wanted if one not in known or known[one].asked < job.created]
        questions = [self._question(one, names.get(one, one)) for one in left]
        yield from ask_in_turn(questions, len(wanted) - len(left), self._wait)
        yield Finished(sentence=self._outcome(wanted))

    def discard(self, job: Job) -> None:
        """Nothing is left of such a job but what it found."""

    def _question(self, model_id: str, name: str) -> Question[HubModel | None]:
        def hear(told: HubModel | None) -> Iterator[Event]:
            now = self._now()
            listed = ListedModel.of(told, now) if told else ListedModel(asked=now)
            self._book.keep_model(model_id, listed)
            yield from ()

        return Question(name, lambda: self._hubs.versions(OWNER, model_id), hear)

    def _outcome(self, wanted: tuple[str, ...]) -> str:
        if not wanted:
            return "Of no model it is known which version of CivitAI's it is. Identify them first."
        count = len(found_updates(self._library, self._book.models()).updates)
        versions = f"{count or 'No'} newer version{'' if count == 1 else 's'}"
        return f"{versions} of {len(wanted):,} model{'' if len(wanted) == 1 else 's'}."


def found_updates(library: Library, known: Mapping[str, ListedModel]) -> FoundUpdates:
    """What is newer than what is here.

    Args:
        library: The models.
        known: What CivitAI told, by the model's number.
    """
    there: defaultdict[str, set[str]] = defaultdict(set)
    asked = [here for here in _from_civitai(library) if here.model in known]
    for here in asked:
        there[here.model].add(here.version)
    newer = ((here, newest(known[here.model], here.version, here.entry)) for here in asked)
    return FoundUpdates(
        looked=max((each.asked for each in known.values()), default=None),
        updates=tuple(
            _update(here, known[here.model], version)
            for here, version in newer
            if version and version.id not in there[here.model]
        ),
    )


def newest(model: ListedModel, version: str, entry: LibraryEntry) -> ListedVersion | None:
    """The version that CivitAI lists first of those that are newer; None where there is none.

    Newer are those that were made later (CivitAI counts its versions) for the same family: one
    for another family replaces nothing.
    """
    mine = next((each for each in model.versions if each.id == version), None)
    told = entry.card.base_model if entry.card else ""
    base_model = mine.base_model if mine else told
    later = (each for each in model.versions if int(each.id) > int(version))
    return next((each for each in later if each.file and each.base_model == base_model), None)


def _update(here: _Here, model: ListedModel, version: ListedVersion) -> Update:
    return Update(
        model=here.entry.id,
        name=model.name,
        version_name=version.name,
        published=version.published,
        bytes=version.bytes,
        page=f"{model.page}?modelVersionId={version.id}",
        hub=HubName.CIVITAI,
        hub_model=here.model,
        version=version.id,
        file=version.file,
    )


def _from_civitai(library: Library) -> list[_Here]:
    """The models whose side-cars tell which version of CivitAI's they are."""
    usual, found = HubSettings(), list[_Here]()
    for entry in library.entries():
        if not entry.card or not entry.card.source:
            continue
        try:
            link = parse_link(entry.card.source, usual)
        except RequestError:  # a page elsewhere
            continue
        if link.hub is HubName.CIVITAI and link.model and link.version:
            found.append(_Here(entry, link.model, link.version))
    return found
