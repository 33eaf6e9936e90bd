"""Preprocessors over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor, JobView
from backend.schema.preprocessors import LocalWeights, PreprocessorView

Who = Annotated[Actor, Depends(actor_of)]


def preprocessor_router(studio: Verbs) -> APIRouter:
    """Routes that tell what preprocessors need, download it, or take a file of this machine."""
    router = APIRouter(prefix="/api/preprocessors")

    @router.get("")
    def every(actor: Who) -> tuple[PreprocessorView, ...]:
        return studio.preprocessors.all(actor)

    @router.post("/{preprocessor}/fetch")
    def fetch(preprocessor: str, actor: Who) -> tuple[JobView, ...]:
        return studio.preprocessors.fetch(actor, preprocessor)

    @router.post("/{preprocessor}/file")
    def take(preprocessor: str, local: LocalWeights, actor: Who) -> PreprocessorView:
        return studio.preprocessors.take(actor, preprocessor, local)

    return router
