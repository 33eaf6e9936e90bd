"""The routes of the view of downloads; the feed tells how they get on."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.hubs import LONGEST_SEARCH, HubName
from backend.schema.jobs import Actor, JobState, JobView, Role
from ui.fragments import Fragments

Who = Annotated[Actor, Depends(actor_of)]
Text = Annotated[str, Field(max_length=300)]


class WantedFile(Frozen):
    """A click on Download."""

    hub: HubName
    model: Text
    version: Text
    file: Text
    even_pickles: bool = False


class PastedLink(Frozen):
    """A link to get at once."""

    text: Annotated[str, Field(max_length=10 * LONGEST_SEARCH)]


class ChosenJob(Frozen):
    """A download that a button is about."""

    job: Text


class Brought(Frozen):
    """What a finished download brought."""

    model: str
    """The library's id."""
    able: bool
    """Whether it can draw."""


def download_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/browser/downloads`."""
    router = APIRouter(prefix="/page/browser/downloads")
    fragments = Fragments()
    downloads = studio.downloads

    @router.get("")
    def panel(actor: Who) -> str:
        return fragments.draw("browser/downloads", {"mine": actor.role is Role.OWNER})

    @router.post("/start")
    def start(wanted: WantedFile, actor: Who) -> JobView:
        return downloads.start(
            actor,
            wanted.hub,
            wanted.model,
            wanted.version,
            wanted.file,
            even_pickles=wanted.even_pickles,
        )

    @router.post("/get")
    def get(pasted: PastedLink, actor: Who) -> JobView:
        return downloads.get(actor, pasted.text)

    @router.post("/pause")
    def pause(chosen: ChosenJob, actor: Who) -> JobView:
        return downloads.pause(actor, chosen.job)

    @router.post("/resume")
    def resume(chosen: ChosenJob, actor: Who) -> JobView:
        return downloads.resume(actor, chosen.job)

    @router.get("/brought")
    def brought(actor: Who) -> dict[str, Brought]:
        """By the download's id; a guest has none."""
        able = {info.id for info in studio.models.checkpoints(actor) if not info.problem}
        ended = (
            job
            for job in studio.jobs.snapshot(actor).jobs
            if job.kind == "download" and job.state is JobState.FINISHED
        )
        found = {job.id: downloads.brought(actor, job.id) for job in ended}
        return {
            job: Brought(model=model, able=model in able) for job, model in found.items() if model
        }

    return router
