"""The tool that goes on with the next picture of a job."""

from collections.abc import Mapping

from backend.api.verbs import Verbs
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.jobs import Actor, JobState

TOOL = "skip"
DESCRIPTION: Mapping[str, object] = {
    "name": TOOL,
    "description": "Let go of the picture that is being made, and go on with the next of its job.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "job_id": {
                "type": ["string", "null"],
                "description": "The job; the one that is being made where none is named.",
            }
        },
        "additionalProperties": False,
    },
}


def skip(studio: Verbs, actor: Actor, arguments: Mapping[str, object]) -> dict[str, object]:
    """Skip what is being made; tells of which job that was.

    Raises:
        NotFoundError: When there is no such job, or none is being made.
        RequestError: When no picture of it is being made now, or the arguments are no such.
    """
    job = arguments.get("job_id") or _running(studio, actor)
    if not isinstance(job, str) or arguments.keys() - {"job_id"}:
        raise RequestError("The tool “skip” takes a “job_id” in text, and nothing else.")
    studio.jobs.skip(actor, job)
    return {"job_id": job}


def _running(studio: Verbs, actor: Actor) -> str:
    jobs = studio.jobs.snapshot(actor).jobs
    running = (job.id for job in jobs if job.state is JobState.RUNNING and not job.on_host)
    found = next(running, None)
    if found is None:
        raise NotFoundError("No picture is being made.", "Ask for some first.")
    return found
