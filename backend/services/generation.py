"""Asking for pictures."""

import secrets
import time

from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, Job, JobState, JobView, Role
from backend.services.loras import named_loras
from backend.services.made_up_words import named_embeddings
from backend.services.preview_decoders import preview_decoder
from backend.services.resolve import resolve
from backend.services.wording import Wording


class Generation:
    """Turns a request into a job."""

    def __init__(
        self, queue: JobQueue, library: Library, catalogue: Catalogue, wording: Wording
    ) -> None:
        self._queue = queue
        self._wording = wording
        self._library = library
        self._catalogue = catalogue

    def submit(self, actor: Actor, request: GenerationRequest) -> JobView:
        """Queue a request and return at once, before anything is read or loaded.

        Raises:
            ModelMissingError: When the checkpoint is not installed.
            ModelError: When it cannot draw.
            OutOfRangeError: When a setting makes no sense, or a LoRA that is named is not there.
        """
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        resolved = resolve(request, self._library, self._catalogue, anywhere=anywhere)
        worded = self._wording.worded(resolved)
        entries = self._library.entries()
        named = {
            "embeddings": named_embeddings(worded, entries),
            "loras": named_loras(worded, entries),
            "preview_decoder": preview_decoder(worded.model.family, entries),
        }
        wanted = worded.model_copy(update=named)
        job = Job(
            id=secrets.token_hex(6),
            kind="generate",
            owner=actor.id,
            state=JobState.QUEUED,
            request=wanted.model_dump(mode="json"),
            created=time.time(),
        )
        return self._queue.submit(job).view()
