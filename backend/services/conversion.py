"""Turning pickled checkpoints into safetensors."""

import secrets
import time
from pathlib import Path

from backend.jobs.queue import JobQueue
from backend.schema.conversion import PICKLE_SUFFIXES, ConversionRequest
from backend.schema.errors import ModelMissingError, RequestError
from backend.schema.jobs import Actor, Job, JobState, JobView
from backend.services.owner import only_the_owner


class Conversion:
    """Turns a pickled file into a job that writes the safe version beside it."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def submit(self, actor: Actor, file: Path) -> JobView:
        """Queue the conversion of a file and return at once; the file itself is kept.

        Raises:
            NotAllowedError: When a guest asks.
            ModelMissingError: When there is no such file.
            RequestError: When its name is no pickle's, or the safe version is there already.
        """
        only_the_owner(actor, "convert files", "Ask the owner for it.")
        wanted = ConversionRequest(path=str(file.absolute()))
        if not file.is_file():
            raise ModelMissingError(f"There is no file {file}.", "Was it moved?")
        if file.suffix.lower() not in PICKLE_SUFFIXES:
            raise RequestError(
                f"“{file.name}” is no pickle file.",
                f"What can be converted ends in {', '.join(sorted(PICKLE_SUFFIXES))}.",
            )
        if wanted.target.exists():
            raise RequestError(
                f"There is a file {wanted.target.name} already.",
                "Use it, or move it away and convert again.",
            )
        job = Job(
            id=secrets.token_hex(6),
            kind="convert",
            owner=actor.id,
            state=JobState.QUEUED,
            request=wanted.model_dump(mode="json"),
            created=time.time(),
        )
        return self._queue.submit(job).view()
