"""Poses over HTTP, in OpenPose's JSON."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.errors import RequestError
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor
from backend.schema.poses import LEAST_SIDE, MOST_SIDE, PosePreset, poses_of

Who = Annotated[Actor, Depends(actor_of)]
Side = Annotated[int | None, Query(ge=LEAST_SIDE, le=MOST_SIDE)]


def pose_router(studio: Verbs) -> APIRouter:
    """Routes that draw poses, and give them back."""
    router = APIRouter(prefix="/api/poses")

    @router.post("")
    def draw(
        told: Annotated[object, Body()], actor: Who, width: Side = None, height: Side = None
    ) -> InputPicture:
        """Keep the map of a pose; with a width and a height it is fitted into that size."""
        if (width is None) != (height is None):
            raise RequestError("Only one side of the map is told.", "Tell width and height.")
        size = None if width is None or height is None else (width, height)
        poses = poses_of(told, size)
        return studio.poses.keep(actor, poses.fitted(*size) if size else poses)

    @router.get("/presets")
    def presets() -> tuple[PosePreset, ...]:
        return studio.poses.presets()

    @router.get("/{reference}")
    def of(reference: str, actor: Who) -> dict[str, object]:
        return studio.poses.of(actor, reference).to_openpose()

    return router
