"""What the page's own process finds out for a job."""

from pathlib import Path

from backend.jobs.recovery import pictures_on_disk
from backend.library.checkpoints import Library
from backend.schema.errors import ModelDamagedError, OutputError
from backend.schema.generation import ResolvedRequest
from backend.schema.jobs import Job, PictureView


class StudioHost:
    """Fingerprints and files; satisfies `backend.jobs.ports.Host`."""

    def __init__(self, library: Library, outputs: Path) -> None:
        self._library = library
        self._outputs = outputs

    def fingerprinted(self, request: dict[str, object]) -> dict[str, object]:
        """The request with its checkpoint's fingerprint.

        Raises:
            ModelError: When the checkpoint is gone or cannot be read.
        """
        wanted = ResolvedRequest.model_validate(request)
        if wanted.model.sha256:
            return request
        try:
            sha256 = self._library.sha256(self._library.find(wanted.model.checkpoint))
        except OSError as error:  # a folder that went away while we looked
            raise ModelDamagedError(
                f"The checkpoint “{wanted.model.name}” cannot be read: {error.strerror}.",
                "Check the disk and the files' rights.",
            ) from error
        model = wanted.model.model_copy(update={"sha256": sha256})
        return wanted.model_copy(update={"model": model}).model_dump(mode="json")

    def pictures_on_disk(self, job: Job) -> tuple[PictureView, ...]:
        """The whole pictures of a job that are there, known or not.

        Raises:
            OutputError: When the folder cannot be read.
        """
        try:
            return pictures_on_disk(self._outputs, job)
        except OSError as error:
            raise OutputError(
                f"The outputs folder {self._outputs} cannot be read: {error.strerror}.",
                "Look at the disk, then ask for the missing pictures again.",
            ) from error
