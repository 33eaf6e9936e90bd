"""Trainings over HTTP: beginning them, how they go, and what they drew."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.fields import Scalar
from backend.schema.jobs import Actor, JobView
from backend.schema.training import GoalAsked, TrainingRequest
from backend.schema.training_story import TrainingForecast, TrainingStory

Who = Annotated[Actor, Depends(actor_of)]
Since = Annotated[int, Query(ge=0)]


def trainings_router(studio: Verbs) -> APIRouter:
    """Routes that begin, watch and steer trainings."""
    router = APIRouter(prefix="/api/trainings")
    _tell(router, studio)
    _steer(router, studio)
    return router


def _tell(router: APIRouter, studio: Verbs) -> None:
    @router.get("")
    def every(actor: Who) -> tuple[TrainingStory, ...]:
        return studio.trainings.all(actor)

    @router.get("/{training}")
    def story(training: str, actor: Who, since: Since = 0) -> TrainingStory:
        return studio.trainings.story(actor, training, since)

    @router.get("/{training}/samples/{file}")
    def sample(training: str, file: str, actor: Who) -> FileResponse:
        path = studio.trainings.sample(actor, training, file)
        return FileResponse(path, media_type="image/png", headers={"Cache-Control": "no-cache"})


def _steer(router: APIRouter, studio: Verbs) -> None:
    @router.post("")
    def start(request: TrainingRequest, actor: Who) -> JobView:
        return studio.training.submit(actor, request)

    @router.post("/goal")
    def settings(asked: GoalAsked, actor: Who) -> dict[str, Scalar]:
        return studio.training.settings(actor, asked)

    @router.post("/forecast")
    def forecast(request: TrainingRequest, actor: Who) -> TrainingForecast:
        return studio.training.forecast(actor, request)

    @router.post("/{training}/pause", status_code=204)
    def pause(training: str, actor: Who) -> None:
        studio.trainings.pause(actor, training)

    @router.post("/{training}/resume")
    def resume(training: str, actor: Who) -> JobView:
        return studio.trainings.resume(actor, training)

    @router.delete("/{training}/checkpoints/{step}", status_code=204)
    def prune(training: str, step: int, actor: Who) -> None:
        studio.trainings.prune(actor, training, step)

    @router.delete("/{training}", status_code=204)
    def remove(training: str, actor: Who) -> None:
        studio.trainings.remove(actor, training)
