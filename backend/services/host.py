"""What the page's own process finds out for a job."""

from pathlib import Path

from backend.jobs.recovery import pictures_on_disk
from backend.library.library import Library
from backend.schema.controls import ResolvedControl
from backend.schema.errors import OutputError
from backend.schema.jobs import Job, PictureView
from backend.schema.resolved import ResolvedLora, ResolvedModel, ResolvedRequest
from backend.schema.series import ResolvedSeries
from backend.schema.training import ResolvedTraining
from backend.services.planning import Planner


class StudioHost:
    """Fingerprints and files; satisfies `backend.jobs.ports.Host`."""

    def __init__(self, library: Library, planner: Planner, outputs: Path) -> None:
        self._library = library
        self._planner = planner
        self._outputs = outputs

    def prepared(self, kind: str, request: dict[str, object]) -> dict[str, object]:
        """The request of a job with the fingerprints of its models, and what decides about memory.

        Raises:
            ModelError: When one of them is gone or cannot be read.
        """
        if kind == "series":
            wanted = ResolvedSeries.model_validate(request).each(self._prepared)
        elif kind == "train":
            training = ResolvedTraining.model_validate(request)
            known = self._with_fingerprint(training.model)
            wanted = training.model_copy(update={"model": known})
        else:
            wanted = self._prepared(ResolvedRequest.model_validate(request))
        return wanted.model_dump(mode="json")

    def _prepared(self, wanted: ResolvedRequest) -> ResolvedRequest:
        refiner = wanted.refiner
        changed: dict[str, object] = {
            "model": self._with_fingerprint(wanted.model),
            "loras": tuple(map(self._with_hashes, wanted.loras)),
            "controls": tuple(map(self._with_model_hashes, wanted.controls)),
        }
        if refiner:
            known = self._with_fingerprint(refiner.model)
            changed["refiner"] = refiner.model_copy(update={"model": known})
        return self._planner.prepared(wanted.model_copy(update=changed))

    def _with_fingerprint(self, model: ResolvedModel) -> ResolvedModel:
        sha256 = model.sha256 or self._library.sha256(Path(model.path), model.name)
        return model.model_copy(update={"sha256": sha256})

    def _with_hashes(self, lora: ResolvedLora) -> ResolvedLora:
        if lora.sha256:
            return lora
        known = self._library.hashes(Path(lora.path))
        return lora.model_copy(update={"sha256": known.sha256, "tensors": known.tensors})

    def _with_model_hashes(self, control: ResolvedControl) -> ResolvedControl:
        model = control.model
        if model.sha256:
            return control
        path = Path(model.path)
        known = {
            "sha256": self._library.hashes(path).sha256,
            "sampled": self._library.sampled_hash(path),
        }
        return control.model_copy(update={"model": model.model_copy(update=known)})

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
