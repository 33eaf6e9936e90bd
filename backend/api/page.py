"""The page's own routes: its state, the feed, jobs and the queue."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from backend.api.answers import actor_of
from backend.api.feed import feed_events
from backend.api.verbs import Verbs
from backend.schema.jobs import Actor, Snapshot

Who = Annotated[Actor, Depends(actor_of)]


def page_router(studio: Verbs) -> APIRouter:
    """Routes that show and steer jobs."""
    router = APIRouter(prefix="/api")

    @router.get("/snapshot")
    def snapshot(actor: Who) -> Snapshot:
        return studio.jobs.snapshot(actor)

    @router.get("/feed")
    async def feed(actor: Who) -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        events = feed_events(studio.jobs, actor)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    @router.post("/jobs/{job_id}/cancel", status_code=204)
    def cancel(job_id: str, actor: Who) -> None:
        studio.jobs.cancel(actor, job_id)

    @router.post("/jobs/{job_id}/skip", status_code=204)
    def skip(job_id: str, actor: Who) -> None:
        studio.jobs.skip(actor, job_id)

    @router.post("/queue/pause", status_code=204)
    def pause(actor: Who) -> None:
        studio.jobs.pause_queue(actor)

    @router.post("/queue/resume", status_code=204)
    def resume(actor: Who) -> None:
        studio.jobs.resume_queue(actor)

    return router
