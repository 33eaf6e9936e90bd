"""What a person can make on this machine, and getting a model for it with one click."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backend.downloads.transfer import RESERVE, free_bytes
from backend.hubs.licences import licence_terms
from backend.library.library import Library
from backend.memory.plan import plan
from backend.memory.speed import USUAL
from backend.schema.catalogue import Catalogue
from backend.schema.errors import HubBusyError, HubUnreachableError, NotFoundError, RequestError
from backend.schema.guide import Purpose, Suggestion, WellKnown, WellKnownModel
from backend.schema.hubs import HubName
from backend.schema.jobs import Actor, JobView, Role
from backend.schema.library import LibraryEntry
from backend.schema.memory import PlanView
from backend.schema.picture_settings import PromptSettings
from backend.services.guide_words import download_words, drawing_words, refusal_for_space, where
from backend.services.owner import only_the_owner
from backend.services.planning import Planner
from backend.services.well_known import installed, workload_of
from backend.services.wishes import Wish, WishBook

AT_MOST = 2
"""Suggestions for one purpose."""
_NOTICED = 1.05
"""A smaller slow-down is none."""
_QUICK, _PATIENCE, _TOO_LONG = 30.0, 300.0, 3600.0
"""Seconds for a picture: nobody minds a slow-down; people wait; nothing is suggested."""
_DOWN_SECONDS = 300.0
"""For so long, a hub that did not answer counts as out of reach."""


class Starting(Protocol):
    """Downloads of hubs' files; `backend.services.downloads.Downloads` does them."""

    def start(
        self, actor: Actor, hub: HubName, model_id: str, version_id: str = "", file_name: str = ""
    ) -> JobView:
        """Download a file of a model."""
        ...


class History(Protocol):
    """What downloads do and did; `backend.services.download_history.DownloadHistory` knows."""

    def under_way(self, hub: HubName, model_id: str, file_name: str) -> JobView | None:
        """The download of a file that has not ended."""
        ...

    def usual_speed(self) -> float | None:
        """Bytes a second; None where nobody knows."""
        ...


@dataclass(frozen=True)
class Getting:
    """How models are got."""

    downloads: Starting
    history: History
    wishes: WishBook
    free_bytes: Callable[[], int]
    """On the disk of the models folder."""
    now: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class _Fitting:
    """A model that this machine can draw with."""

    model: WellKnownModel
    plan: PlanView
    guessed: float
    """Seconds for a picture, on a usual machine of this kind."""

    @property
    def draws_well(self) -> bool:
        """Whether no lesser model needs to come before it."""
        seconds = self.plan.seconds or self.guessed
        return seconds < _QUICK or (seconds < _PATIENCE and self.plan.slow_down < _NOTICED)


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What is the same for all suggestions."""

    mine: bool
    """Whether the owner asks."""
    place: str
    speed: float | None
    free: int
    entries: Collection[LibraryEntry]


def room_in(folder: Path) -> int:
    """The free bytes of the disk that a folder is on, or will be."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return free_bytes(there)


class Guide:
    """Suggests models from a list that ships with Easel. All may look; the owner gets them.

    Looking asks nobody outside this machine.
    """

    def __init__(
        self,
        known: WellKnown,
        catalogue: Catalogue,
        library: Library,
        planner: Planner,
        getting: Getting,
    ) -> None:
        self._known = known
        self._catalogue = catalogue
        self._library = library
        self._planner = planner
        self._getting = getting
        self._down: dict[HubName, tuple[float, str]] = {}

    def suggestions(self, actor: Actor) -> tuple[Suggestion, ...]:
        """For each purpose the models that this machine draws well with, at most two.

        With the memory that is free now; what is too large is left out.
        """
        now = _Now(
            mine=actor.role is Role.OWNER,
            place=where(self._planner.state(names=False)),
            speed=self._getting.history.usual_speed(),
            free=self._getting.free_bytes(),
            entries=self._library.entries(),
        )
        return tuple(
            self._suggestion(found, purpose, now)
            for purpose in self._known.purpose
            for found in self._best(purpose)
        )

    def take(self, actor: Actor, suggestion_id: str, prompt: PromptSettings) -> JobView:
        """Download a suggested model; when that is done, draw with it, even after a restart.

        Args:
            actor: Who asks.
            suggestion_id: Which; a download that is under way already is given again.
            prompt: What is drawn.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such suggestion.
            RequestError: When it is here already.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download models")
        model = next((each for each in self._known.model if each.id == suggestion_id), None)
        if model is None:
            raise NotFoundError("There is no such suggestion.", "Reload the page.")
        if installed(model, self._library.entries()) is not None:
            raise RequestError(f"{model.name} is here already.", "Choose it as the checkpoint.")
        wishes = self._getting.wishes
        with wishes.held():
            job = self._started(actor, model)
            wishes.put(
                Wish(hub=model.hub, repository=model.repository, file=model.file, prompt=prompt)
            )
        return job

    def _started(self, actor: Actor, model: WellKnownModel) -> JobView:
        try:
            job = self._getting.downloads.start(actor, model.hub, model.repository, "", model.file)
        except (HubBusyError, HubUnreachableError) as error:
            self._down[model.hub] = (self._getting.now(), str(error))
            raise
        self._down.pop(model.hub, None)
        return job

    def _best(self, purpose: Purpose) -> list[_Fitting]:
        """The list has the best first; what this machine draws well with goes before the rest."""
        models = [each for each in self._known.model if each.purpose == purpose.id]
        fitting = [found for each in models if (found := self._fitting(each)) is not None]
        return sorted(fitting, key=lambda each: not each.draws_well)[:AT_MOST]

    def _fitting(self, model: WellKnownModel) -> _Fitting | None:
        workload = workload_of(model, self._catalogue)
        view = self._planner.plan_unseen(workload)
        if not view.fits:
            return None
        usual = USUAL[view.budget.device].operations
        guessed = plan(workload, view.budget, learned=usual).seconds or 0.0
        return None if (view.seconds or guessed) > _TOO_LONG else _Fitting(model, view, guessed)

    def _suggestion(self, found: _Fitting, purpose: Purpose, now: _Now) -> Suggestion:
        model, here = found.model, installed(found.model, now.entries)
        coming = self._getting.history.under_way(model.hub, model.repository, model.file)
        suggestion = Suggestion(
            id=model.id,
            purpose=purpose,
            name=model.name,
            note=model.note,
            page=model.page,
            bytes=model.bytes,
            licence=model.licence,
            terms=licence_terms(model.licence)[-1],
            family_label=model.family.label,
            place=now.place,
            took=download_words(model.bytes, now.speed),
            plan=found.plan,
            drawing=drawing_words(found.plan.seconds, found.guessed),
            state="here" if here else "coming" if coming else "offered",
            job=coming.id if coming else "",
            checkpoint=here.id if here else "",
        )
        if suggestion.state != "offered":
            return suggestion
        refusal, may_retry = self._refusal(model, now)
        return suggestion.model_copy(update={"refusal": refusal, "may_retry": may_retry})

    def _refusal(self, model: WellKnownModel, now: _Now) -> tuple[str, bool]:
        """Why it cannot be had now, empty where it can; and whether to try may help."""
        if not now.mine:
            return "Only the owner may download models. Ask the owner.", False
        missing = model.bytes + RESERVE - now.free
        if missing > 0:
            return refusal_for_space(missing), False
        silence = self._out_of_reach(model.hub)
        return silence, bool(silence)

    def _out_of_reach(self, hub: HubName) -> str:
        """What a hub's silence was told as; empty where it answers, or nobody asked lately."""
        since, told = self._down.get(hub, (-_DOWN_SECONDS, ""))
        return told if self._getting.now() - since < _DOWN_SECONDS else ""
