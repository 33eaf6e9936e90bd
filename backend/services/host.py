"""What the page's own process finds out for a job."""

from pathlib import Path

from backend.jobs.recovery import pictures_on_disk
from backend.library.library import Library
from backend.schema.errors import OutputError
from backend.schema.jobs import Job, PictureView
from backend.schema.resolved import ResolvedLora, ResolvedModel, ResolvedRequest
from backend.services.planning import Planner


class StudioHost:
    """Fingerprints and files; satisfies `backend.jobs.ports.Host`."""

    def __init__(self, library: Library, planner: Planner, outputs: Path) -> None:
        self._library = library
        self._planner = planner
        self._outputs = outputs

    def prepared(self, request: dict[str, object]) -> dict[str, object]:
        """The request with the fingerprints of its models, and what decides about memory.

        Raises:
            ModelError: When one of them is gone or cannot be read.
        """
        wanted = ResolvedRequest.model_validate(request)
        refiner = wanted.refiner
        changed: dict[str, object] = {
            "model": self._with_fingerprint(wanted.model),
            "loras": tuple(map(self._with_hashes, wanted.loras)),
        }
        if refiner:
            known = self._with_fingerprint(refiner.model)
            changed["refiner"] = refiner.model_copy(update={"model": known})
        return self._planner.prepared(wanted.model_copy(update=changed)).model_dump(mode="json")

    def _with_fingerprint(self, model: ResolvedModel) -> ResolvedModel:
        sha256 = model.sha256 or self._library.sha256(Path(model.path), model.name)
        return model.model_copy(update={"sha256": sha256})

    def _with_hashes(self, lora: ResolvedLora) -> ResolvedLora:
        if lora.sha256:
            return lora
        known = self._library.hashes(Path(lora.path))
        return lora.model_copy(update={"sha256": known.sha256, "tensors": known.tensors})

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
