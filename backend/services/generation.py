"""Asking for pictures."""

from functools import partial

from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, Job, JobView, Role
from backend.schema.resolved import ResolvedRequest
from backend.services.inputs import Inputs
from backend.services.loras import named_loras
from backend.services.made_up_words import named_embeddings
from backend.services.preview_decoders import preview_decoder
from backend.services.resolve import resolve
from backend.services.sources import Look
from backend.services.wording import Wording


class Generation:
    """Turns a request into a job."""

    def __init__(
        self,
        queue: JobQueue,
        library: Library,
        catalogue: Catalogue,
        wording: Wording,
        inputs: Inputs,
    ) -> None:
        self._inputs = inputs
        self._queue = queue
        self._wording = wording
        self._library = library
        self._catalogue = catalogue

    def submit(self, actor: Actor, request: GenerationRequest) -> JobView:
        """Queue a request and return at once, before anything is read or loaded.

        Raises:
            ModelMissingError: When the checkpoint is not installed.
            ModelError: When it cannot draw.
            NotFoundError: When a picture that it begins with is not there.
            OutOfRangeError: When a setting makes no sense, or a LoRA that is named is not there.
        """
        wanted = self.resolved(actor, request, self.looks(actor))
        job = Job.asked("generate", actor, wanted)
        return self._queue.submit(job).view()

    def looks(self, actor: Actor, *, keep: bool = True) -> Look:
        """What finds the pictures that requests begin with.

        Args:
            actor: Who asks.
            keep: Whether files of this machine are taken in, so that they may change later.
        """
        return partial(self._inputs.look if keep else self._inputs.glance, actor)

    def resolved(self, actor: Actor, request: GenerationRequest, look: Look) -> ResolvedRequest:
        """The request with every choice made, as a job holds it.

        Args:
            actor: Who asks.
            request: What is asked for.
            look: Finds the pictures that drawing begins with.

        Raises:
            ModelMissingError: When the checkpoint is not installed.
            ModelError: When it cannot draw.
            NotFoundError: When a picture that it begins with is not there.
            OutOfRangeError: When a setting makes no sense, or a LoRA that is named is not there.
        """
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        resolved = resolve(request, self._library, self._catalogue, anywhere=anywhere, look=look)
        worded = self._wording.worded(resolved)
        entries = self._library.entries()
        named = {
            "embeddings": named_embeddings(worded, entries),
            "loras": named_loras(worded, entries),
            "preview_decoder": preview_decoder(worded.model.family, entries),
        }
        return worded.model_copy(update=named)
